Feature: OOS parameters appear as files in a pod
  An object of type oos names a secret parameter of CloudOps Orchestration Service. It is read decrypted, and its version is the
  parameter's own, so that a change is seen.

  Background:
    Given the provider has an access key of the account
    And OOS holds these parameters:
      | name          | value  |
      | token         | first  |
      | prod/db/token | deep   |
    And KMS holds the secret "test" with the value "kms"

  @VEN-11 @DRV-03 @cluster
  Scenario: Parameters and secrets are mounted side by side
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - {objectName: token, objectType: oos}
      - {objectName: prod/db/token, objectType: oos}
      - {objectName: test}
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file          | value | mode |
      | token         | first | 0644 |
      | prod_db_token | deep  | 0644 |
      | test          | kms   | 0644 |
    And the driver stores these object versions:
      | id            | version |
      | token         | 1       |
      | prod_db_token | 1       |
      | test          | v1      |

  @VEN-11 @DRV-03
  Scenario: An updated parameter changes the file and its object version, and only these
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos}, {objectName: prod/db/token, objectType: oos}]`
    And a pod has mounted "test-secrets"
    And the parameter "token" is updated to the value "second"
    When the kubelet asks for the volume again
    Then the volume holds exactly these files:
      | file          | value  | mode |
      | token         | second | 0644 |
      | prod_db_token | deep   | 0644 |
    And only the object version of "token" has changed

  @VEN-11 @DRV-03
  Scenario: Asked again without a change, the provider answers the same
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos}]`
    And a pod has mounted "test-secrets"
    When the kubelet asks for the volume again
    Then nothing in the volume was touched
    And no object version has changed

  @EXT-07
  Scenario Outline: A parameter can be pinned to the version <version>
    Given the parameter "token" is updated to the value "second"
    And the parameter "token" is updated to the value "third"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos, objectVersion: <version>}]`
    When a pod mounts "test-secrets"
    Then the file "token" holds the value "<value>"
    And the driver stores these object versions:
      | id    | version  |
      | token | <stored> |

    Examples:
      | version | value  | stored |
      | 1       | first  | 1      |
      | "2"     | second | 2      |
      | 3       | third  | 3      |
      | ~       | third  | 3      |

  @EXT-07
  Scenario: A pinned parameter stays when it is updated
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos, objectVersion: 1}]`
    And a pod has mounted "test-secrets"
    And the parameter "token" is updated to the value "second"
    When the kubelet asks for the volume again
    Then nothing in the volume was touched
    And the file "token" holds the value "first"

  @VEN-11 @DRV-08
  Scenario: A parameter that OOS does not hold keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: nowhere, objectType: oos}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "default/test-secrets", "objects[1]", "nowhere", "EntityNotExists.Parameter" and "secret parameter"
    And the pod has no volume

  @EXT-07
  Scenario: A version that the parameter does not have keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: token, objectType: oos, objectVersion: 9}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "objects[0]", "token" and "objectVersion"

  @VEN-11
  Scenario Outline: A cloud that <trouble> keeps the pod from starting
    Given a cloud in trouble, which <trouble>
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: db/password, objectType: oos}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as <code>
    And the refusal names the cloud's address
    And the refusal names "objects[0]", "db/password" and "<reason>"
    And the pod has no volume

    Examples:
      | trouble                       | code             | reason                           |
      | withholds the value           | PermissionDenied | could not decrypt                |
      | withholds the value           | PermissionDenied | kms:GetSecretValue               |
      | withholds the value           | PermissionDenied | secretparameter/db/password      |
      | answers without a value       | Unknown          | something other                  |
      | answers with half a JSON text | Unknown          | something other                  |
      | answers with a list           | Unknown          | something other                  |
