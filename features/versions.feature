Feature: A class chooses the version of a secret, and every change is told
  Without a choice a pod reads the current version. The driver is told a version per file: it changes exactly when the version of
  the file's content does, so that synchronized Secrets follow at once and are never rewritten needlessly.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name | version | value  |
      | test | v1      | first  |
      | test | v2      | second |
      | test | v3      | third  |
    And the version "v1" of the secret "test" has the label "stable"

  @ACK-26 @ACK-27 @DRV-03 @cluster
  Scenario Outline: <Choice> reads <version>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test<fields>}]`
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "<value>"
    And the driver stores these object versions:
      | id   | version   |
      | test | <version> |

    Examples:
      | Choice                   | fields                                                | value  | version |
      | No choice                |                                                       | third  | v3      |
      | An empty choice          | , objectVersion: "", objectVersionLabel: ~            | third  | v3      |
      | A version id             | , objectVersion: v1                                   | first  | v1      |
      | The label of the current | , objectVersionLabel: ACSCurrent                      | third  | v3      |
      | The label of the one before | , objectVersionLabel: ACSPrevious                  | second | v2      |
      | A label of one's own     | , objectVersionLabel: stable                          | first  | v1      |
      | Both, in agreement       | , objectVersion: v2, objectVersionLabel: ACSPrevious  | second | v2      |

  @ACK-26 @ACK-27
  Scenario Outline: A <what> that the secret does not have keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, <field>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "default/test-secrets", "objects[0]", "test", "Forbidden.ResourceNotFound" and "<named>"
    And the pod has no volume

    Examples:
      | what    | field                      | named              |
      | version | objectVersion: v9          | objectVersion      |
      | label   | objectVersionLabel: absent | objectVersionLabel |

  @ACK-26 @DRV-03
  Scenario: A pinned version stays when the secret gets another
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, objectVersion: v3}]`
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v4" with the value "fourth"
    When the kubelet asks for the volume again
    Then nothing in the volume was touched
    And no object version has changed

  @ACK-27 @DRV-03
  Scenario: A label that moves on moves the file
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, objectVersionLabel: ACSPrevious}]`
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v4" with the value "fourth"
    When the kubelet asks for the volume again
    Then the file "test" holds the value "third"
    And only the object version of "test" has changed

  @DRV-03
  Scenario: A new version of a JSON secret changes the versions of all its files
    Given KMS holds the JSON secret "app" `{"user": "alice", "port": 5432}`
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: user}, {path: port}]}, {objectName: test}]`
    And a pod has mounted "test-secrets"
    And the JSON secret "app" gets the version "v2" `{"user": "bob", "port": 5432}`
    When the kubelet asks for the volume again
    Then the file "user" holds the value "bob"
    And only the object versions of "app", "user" and "port" have changed

  @DRV-03
  Scenario: A class that extracts something else under the same name changes that file's version
    Given KMS holds the JSON secret "app" `{"user": "alice", "owner": "carol"}`
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: user, objectAlias: who}, {path: owner}]}]`
    And a pod has mounted "test-secrets"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: owner, objectAlias: who}, {path: owner}]}]`
    When the kubelet asks for the volume again
    Then the file "who" holds the value "carol"
    And only the object version of "who" has changed

  @DRV-03
  Scenario Outline: A class that puts <what> under the same name changes that file's version
    Given OOS holds the parameter "test" with the value "parameter"
    And KMS holds the secret "other" with the value "other"
    And KMS holds the secret "one" with the value "one"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: one, objectAlias: file}, {objectName: test}]`
    And a pod has mounted "test-secrets"
    And the SecretProviderClass "test-secrets" with the objects `[{<object>, objectAlias: file}, {objectName: test}]`
    When the kubelet asks for the volume again
    Then the file "file" holds the value "<value>"
    And only the object version of "file" has changed

    Examples:
      | what                               | object                             | value     |
      | another secret of the same version | objectName: other                  | other     |
      | another version                    | objectName: test, objectVersion: v2 | second   |
      | a parameter                        | objectName: test, objectType: oos  | parameter |

  @DRV-03
  Scenario: Asked again without a change, extracted and decoded files keep their versions
    Given KMS holds the JSON secret "app" `{"user": "alice"}`
    And KMS holds the secret "key" with the bytes "bytes" written as base64
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: user}]}, {objectName: key, objectEncoding: base64}, {objectName: test, objectAlias: x}]`
    And a pod has mounted "test-secrets"
    When the kubelet asks for the volume again
    Then nothing in the volume was touched
    And no object version has changed
