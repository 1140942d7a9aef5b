Feature: Requests that no driver should send are refused calmly
  Another driver release, or a hand with a gRPC client, may send anything. The provider says what is wrong with it, asks the cloud
  nothing, and goes on.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And a pod that mounts "test-secrets"

  @DRV-13
  Scenario Outline: The <field> are <content>
    When a mount arrives whose <field> are <content>
    Then the mount is refused as InvalidArgument
    And the refusal names "<field>", "<found>" and "JSON"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | field      | content                                     | found                    |
      | attributes | missing                                     | attributes               |
      | attributes | `objects`                                   | line 1                   |
      | attributes | `{"objects":`                               | line 1                   |
      | attributes | `null`                                      | found null               |
      | attributes | `["objects"]`                               | found a list             |
      | attributes | `"objects"`                                 | found text               |
      | attributes | `42`                                        | found a number           |
      | secrets    | missing                                     | secrets                  |
      | secrets    | `access_key=LTAI`                           | line 1                   |
      | secrets    | `[]`                                        | found a list             |

  @DRV-13
  Scenario Outline: A member of the <field> is <mistake>
    When a mount arrives whose <field> are <content>
    Then the mount is refused as InvalidArgument
    And the refusal names "<field>", "<member>", "found <mistake>" and "expected text"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | field      | content                                       | member     | mistake   |
      | attributes | `{"objects":["test"]}`                        | objects    | a list    |
      | attributes | `{"objects":"- objectName: a","region":1}`    | region     | a number  |
      | attributes | `{"objects":null}`                            | objects    | null      |
      | attributes | `{"objects":{"objectName":"test"}}`           | objects    | an object |
      | secrets    | `{"access_key":true}`                         | access_key | a boolean |

  @DRV-13
  Scenario: The target path is missing
    When a mount arrives whose target path is missing
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "target_path" and "missing"
    And no call reached the cloud
    And a good class still mounts

  @DRV-13
  Scenario Outline: The file mode is <mode>
    When a mount arrives whose file mode is <mode>
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "permission", "found" and "expected"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mode         |
      | missing      |
      | `rw-r--r--`  |
      | `"420"`      |
      | `0644`       |
      | `-1`         |
      | `420.5`      |
      | `4294967296` |
