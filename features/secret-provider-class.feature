Feature: A SecretProviderClass says what is mounted
  The class names the provider and, in its parameter `objects`, lists the secrets: a text that holds a YAML list. What is written
  there is either understood as documented or refused with the place, the finding and the expectation.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name        | version | value    |
      | test        | v1      | first    |
      | db/password | v1      | password |

  @ACK-04
  Scenario Outline: The class may be written as <version>
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/<version>
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          objects: |
            - objectName: "test"
      """
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | version  |
      | v1       |
      | v1alpha1 |

  @ACK-04
  Scenario Outline: A class for the provider "<provider>" is not served
    Given the provider runs
    And the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: <provider>
        parameters:
          objects: |
            - objectName: "test"
      """
    When a pod mounts "test-secrets"
    Then the refusal names "<complaint>"
    And no call reached the cloud
    And the pod has no volume

    Examples:
      | provider | complaint                       |
      | aws      | provider not found              |
      | Alibaba  | provider not found              |
      | ""       | provider not set in default     |

  @ACK-20
  Scenario Outline: Objects may be written in any YAML style: <style>
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      <objects>
      """
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | style                | objects                              |
      | plain                | - objectName: test                   |
      | quoted               | - "objectName": 'test'               |
      | flow                 | [{objectName: test}]                 |
      | JSON                 | [{"objectName": "test"}]             |
      | with a comment       | - objectName: test # the first       |
      | as its own document  | --- [{objectName: test}]             |

  @ACK-20
  Scenario: Missing objects are refused
    Given the SecretProviderClass "test-secrets" without objects
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects", "missing" and "YAML list"
    And no call reached the cloud
    And a good class still mounts

  @ACK-20
  Scenario Outline: Objects that are <mistake> are refused
    Given the SecretProviderClass "test-secrets" with the objects `<objects>`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects", "<found>" and "<expected>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake                | objects                          | found          | expected     |
      | empty                  |                                  | empty          | YAML list    |
      | null                   | ~                                | empty          | YAML list    |
      | an empty list          | []                               | empty          | YAML list    |
      | no YAML                | - objectName: "test              | no valid YAML  | line         |
      | cut in the middle      | [{objectName: test               | no valid YAML  | line         |
      | a mapping              | objectName: test                 | a mapping      | YAML list    |
      | a word                 | test                             | a single value | YAML list    |

  @ACK-20 @ACK-23
  Scenario Outline: An object that is <mistake> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, <object>]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[1]", "<found>" and "objectName"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake                | object                        | found          |
      | null                   | ~                             | nothing        |
      | a word                 | test                          | a single value |
      | a list                 | [objectName, test]            | a list         |
      | without a name         | {objectAlias: password}       | missing        |
      | an empty mapping       | {}                            | missing        |
      | named by nothing       | {objectName: }                | missing        |
      | named by an empty text | {objectName: ""}              | missing        |
      | named by a list        | {objectName: [db, password]}  | a list         |
      | named by a mapping     | {objectName: {db: password}}  | a mapping      |

  @ACK-25
  Scenario Outline: The file is named <file> by <rule>
    Given the SecretProviderClass "test-secrets" with the objects `[<object>]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value    | mode |
      | <file> | password | 0644 |

    Examples:
      | rule                                  | object                                            | file          |
      | the object's name                     | {objectName: db/password}                         | db_password   |
      | the object's name if the alias is ~   | {objectName: db/password, objectAlias: ~}         | db_password   |
      | its alias                             | {objectName: db/password, objectAlias: pass.txt}  | pass.txt      |
      | its alias with slashes replaced       | {objectName: db/password, objectAlias: conf/pass} | conf_pass     |
      | an alias that looks like a number     | {objectName: db/password, objectAlias: 0123}      | 0123          |

  @ACK-25
  Scenario Outline: An alias that is <mistake> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: db/password, objectAlias: <alias>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[1]", "db/password" and "<found>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake               | alias      | found                                        |
      | a list                | [password] | objectAlias: found a list, expected text     |
      | a mapping             | {a: b}     | objectAlias: found a mapping, expected text  |
      | the way out           | ..         | ..                                           |
      | a name of the driver  | ..data     | ..                                           |

  @ACK-25 @DRV-05
  Scenario: Two objects cannot share a file
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: db/password, objectAlias: test}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[0]", "objects[1]", "db/password" and "objectAlias"
    And no call reached the cloud
    And a good class still mounts
