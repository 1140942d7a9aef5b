Feature: KMS secrets appear as files in a pod
  A pod names a SecretProviderClass in a CSI inline volume. Every object of the class becomes a file of the volume, complete and
  with the exact bytes of the secret, or the pod does not start.

  A value such as "first" stands for a secret text of its own: the suite adds a random ending, so that it can be searched for
  wherever it must not appear.

  Background:
    Given the provider has an access key of the account

  @ACK-01 @DRV-03 @DRV-04 @cluster
  Scenario: The documented example
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: "test"
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the driver stores these object versions:
      | id   | version |
      | test | v1      |

  @ACK-01 @DRV-03 @cluster
  Scenario: Several secrets become several files
    Given KMS holds these secrets:
      | name        | version | value    |
      | db/user     | v1      | user     |
      | db/password | 2024-06 | password |
      | ca          | v9      | ca       |
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: db/user
      - objectName: db/password
      - objectName: ca
        objectAlias: ca.pem
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file        | value    | mode |
      | db_user     | user     | 0644 |
      | db_password | password | 0644 |
      | ca.pem      | ca       | 0644 |
    And the driver stores these object versions:
      | id          | version |
      | db_user     | v1      |
      | db_password | 2024-06 |
      | ca.pem      | v9      |

  @ACK-01 @cluster
  Scenario: A value arrives byte for byte
    Given KMS holds the secret "odd" with a value "odd" of several lines and awkward characters
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: odd
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | odd  | odd   | 0644 |

  @ACK-01 @cluster
  Scenario: A secret that KMS does not hold keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: nowhere
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "default/test-secrets", "objects[0]", "nowhere" and "Forbidden.ResourceNotFound"
    And the pod has no volume

  @ACK-01
  Scenario Outline: <Keys> keep the pod from starting
    Given <credentials>
    And KMS holds the secret "db/password" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: db/password
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as Unauthenticated
    And the refusal names "default/test-secrets", "objects[0]", "db/password" and "<code>"
    And the pod has no volume

    Examples:
      | Keys                             | credentials                                                     | code                        |
      | Keys that the cloud cannot find  | the provider has an access key that the cloud does not know     | InvalidAccessKeyId.NotFound |
      | Keys that do not fit one another | the provider has an access key with a wrong secret              | SignatureDoesNotMatch       |

  @DRV-08
  Scenario Outline: One missing secret fails the whole mount, wherever it stands
    Given KMS holds these secrets:
      | name  | version | value |
      | one   | v1      | one   |
      | two   | v1      | two   |
    And the SecretProviderClass "test-secrets" with the objects `<objects>`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "<place>" and "absent"
    And the pod has no volume

    Examples:
      | objects                                                       | place      |
      | [{objectName: absent}, {objectName: one}, {objectName: two}]  | objects[0] |
      | [{objectName: one}, {objectName: absent}, {objectName: two}]  | objects[1] |
      | [{objectName: one}, {objectName: two}, {objectName: absent}]  | objects[2] |

  @DRV-08
  Scenario: A secret that vanishes later leaves the volume as it was
    Given KMS holds these secrets:
      | name | version | value |
      | one  | v1      | one   |
      | two  | v1      | two   |
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: one}, {objectName: two}]`
    And a pod has mounted "test-secrets"
    And the secret "two" is deleted
    And the secret "one" gets the version "v2" with the value "newer"
    When the kubelet asks for the volume again
    Then the mount is refused as NotFound
    And the volume still holds exactly these files:
      | file | value | mode |
      | one  | one   | 0644 |
      | two  | two   | 0644 |

  @DRV-03
  Scenario: Asked again without a change, the provider answers the same
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And a pod has mounted "test-secrets"
    When the kubelet asks for the volume again
    Then nothing in the volume was touched
    And the driver stores these object versions:
      | id   | version |
      | test | v1      |

  @DRV-03
  Scenario: A new version changes the file and its object version, and only these
    Given KMS holds these secrets:
      | name    | version | value  |
      | test    | v1      | first  |
      | another | v1      | steady |
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: another}]`
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When the kubelet asks for the volume again
    Then the volume holds exactly these files:
      | file    | value  | mode |
      | test    | second | 0644 |
      | another | steady | 0644 |
    And the driver stores these object versions:
      | id      | version |
      | test    | v2      |
      | another | v1      |

  @DRV-04
  Scenario Outline: Files carry the mode <mode> that the driver asks for
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the driver asks for the file mode <mode>
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode   |
      | test | first | <mode> |

    Examples:
      | mode |
      | 0400 |
      | 0444 |
      | 0640 |
      | 0777 |
