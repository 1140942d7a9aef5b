Feature: A class may choose a gateway of KMS, and no other host
  Requests carry the proof of an identity, and a class can be written by anybody in its namespace. So an object's kmsEndpoint may
  name the cloud's own hosts of KMS, or what the operator allows, and nothing else.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"

  @VEN-07
  Scenario: Each object's own endpoint is honoured
    Given another cloud that the operator allows, whose KMS holds the secret "test" with the value "elsewhere"
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - {objectName: test}
      - {objectName: test, objectAlias: other, kmsEndpoint: "<the other cloud>"}
      - {objectName: test, objectAlias: own, kmsEndpoint: "<the cloud>"}
      - {objectName: test, objectAlias: again, kmsEndpoint: "http://<the other cloud>/"}
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file  | value     | mode |
      | test  | first     | 0644 |
      | other | elsewhere | 0644 |
      | own   | first     | 0644 |
      | again | elsewhere | 0644 |

  @VEN-07 @EXT-11
  Scenario Outline: The endpoint <endpoint> is refused: <reason>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: test, objectAlias: other, kmsEndpoint: "<endpoint>"}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "default/test-secrets", "objects[1]", "kmsEndpoint" and "<named>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | endpoint                                  | reason                              | named                            |
      | kms.example.com                           | anybody's host                      | --allowed-endpoint               |
      | 127.0.0.1:9                               | a service of the node               | --allowed-endpoint               |
      | 169.254.169.254                           | the metadata service                | --allowed-endpoint               |
      | 100.100.100.200                           | the cloud's metadata service        | --allowed-endpoint               |
      | evil.aliyuncs.com                         | a tenant may own the name           | --allowed-endpoint               |
      | bucket.oss-cn-hangzhou.aliyuncs.com       | a tenant owns the name              | --allowed-endpoint               |
      | kms.cn-hangzhou.aliyuncs.com.example.com  | it only begins like one             | --allowed-endpoint               |
      | example.com/kms.cn-hangzhou.aliyuncs.com  | it only ends like one               | is no endpoint                   |
      | user@kms.cn-hangzhou.aliyuncs.com         | it names a user                     | is no endpoint                   |
      | kms.cn-hangzhou.aliyuncs.com:8443         | another port may be another service | --allowed-endpoint               |
      | http://kms.cn-hangzhou.aliyuncs.com       | it would not be encrypted           | --allowed-endpoint               |
      | oos.cn-hangzhou.aliyuncs.com              | it is not KMS                       | --allowed-endpoint               |

  @VEN-07
  Scenario: An endpoint means nothing to an OOS parameter, and is warned of
    Given OOS holds the parameter "token" with the value "token"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos, kmsEndpoint: kms.example.com}]`
    When a pod mounts "test-secrets"
    Then the file "token" holds the value "token"
    And the provider's log warns of "objects[0]" and "kmsEndpoint has no effect"
