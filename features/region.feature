Feature: Secrets are read in one region, and no request goes to a host that a class made up
  The region is the class's, else the operator's, else the node's, looked up once. It becomes part of host names, so it must look
  like a region. What is known is not asked for: with a region and keys nobody needs the metadata service.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @ACK-08 @VEN-08
  Scenario: An object of another region is refused with both regions named
    Given the SecretProviderClass "test-secrets" with the objects `- objectName: acs:kms:cn-beijing:1234567890123456:secret/test`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument with "objects[0]", "cn-beijing" and "cn-hangzhou"
    And no call reached the cloud

  @ACK-08 @ACK-21
  Scenario Outline: The <whose> region counts: one of <region> reads there and nowhere else
    Given <who says it>
    And the parameter "objects" of the SecretProviderClass "test-secrets" is "[{objectName: 'acs:kms:cn-shenzhen:1234567890123456:secret/test'}]"
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument with "cn-shenzhen" and "<region>"

    Examples:
      | whose      | region      | who says it                                                                    |
      | class's    | cn-qingdao  | the parameter "region" of the SecretProviderClass "test-secrets" is "cn-qingdao" |
      | operator's | cn-hangzhou | the SecretProviderClass "test-secrets" has no parameter "region"               |

  @ACK-21
  Scenario Outline: Without any the region of the node, <region>, is looked up, and once
    Given the provider is not told its region
    And the provider is not told where OOS is
    And the SecretProviderClass "test-secrets" has no parameter "region"
    And the parameter "objects" of the SecretProviderClass "test-secrets" is "[{objectName: 'acs:kms:cn-shenzhen:1234567890123456:secret/test'}, {objectName: token, objectType: oos}]"
    And a node in "<region>" whose instance has no role
    And a pod that mounts "test-secrets"
    And the pod was refused before
    When the pod starts
    Then the mount is refused as InvalidArgument with "objects[0]", "cn-shenzhen" and "<region>"
    And the cloud saw exactly 1 call of "GetItem"
    And the last mount asked nobody

    Examples:
      | region      |
      | cn-beijing  |
      | cn-hangzhou |

  @ACK-21
  Scenario: A node that tells no region is refused with the next step
    Given the provider is not told its region
    And the provider is not told where OOS is
    And the SecretProviderClass "test-secrets" has no parameter "region"
    And the parameter "objects" of the SecretProviderClass "test-secrets" is "[{objectName: token, objectType: oos}]"
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names "region" and "--region"
    And the cloud saw exactly 0 calls of "GetSecretParameter"

  @ACK-09
  Scenario: With a region and a key pair the metadata service is never asked
    Given a node in "cn-beijing" whose instance has no role
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the metadata service was never asked

  @EXT-11
  Scenario Outline: The region `<region>` is refused: <reason>
    Given the parameter "region" of the SecretProviderClass "test-secrets" is "<region>"
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument with "default/test-secrets" and "region"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | region                    | reason                      |
      | evil.example.com/         | it would end the host name  |
      | cn-hangzhou.example.com   | it has a dot                |
      | cn-hangzhou@example.com   | it would be a user          |
      | cn hangzhou               | it has a space              |
      | CN-HANGZHOU               | regions are in lower case   |
      | 127.0.0.1:9#              | it would be another service |
