Feature: Every release of the driver is served
  Clusters bring their own driver. Drivers before v1.6.0 introduce themselves by the socket's path, look for changes by themselves,
  tell the provider which versions they have, and tell of changes in events. A pod sees no difference.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"

  @ACK-07 @ACK-04 @DRV-14
  Scenario Outline: A class written as <version> is mounted and rotates with a driver of release <release>
    Given a driver of release <release>
    And a driver that looks for changes every 120 seconds
    And the SecretProviderClass:
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
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When 5 minutes pass
    Then the pod "web-0" reads the value "second" in "test"
    And the status of the pod "web-0" for "test-secrets" stores these object versions:
      | id   | version |
      | test | v2      |

    Examples:
      | release | version  |
      | v1.6.0  | v1       |
      | v1.6.0  | v1alpha1 |
      | v1.5.6  | v1       |
      | v1.5.6  | v1alpha1 |

  @ACK-07 @DRV-03
  Scenario: An older driver tells of a rotation, once
    Given a driver of release v1.5.6
    And a driver that looks for changes every 120 seconds
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the pod "web-0" with "test-secrets"
    And 5 minutes have passed
    And the pod "web-0" has told nothing yet
    And the secret "test" gets the version "v2" with the value "second"
    When 10 minutes pass
    Then the pod "web-0" has told once of a Normal "MountRotationComplete"

  @ACK-07 @DRV-15 @VEN-16
  Scenario: An older driver tells of a failed look, and the old content stays
    Given a driver of release v1.5.6
    And a driver that looks for changes every 120 seconds
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the pod "web-0" with "test-secrets"
    And the secret "test" is deleted
    When 5 minutes pass
    Then the pod "web-0" reads the value "first" in "test"
    And the events of the pod "web-0" tell a Warning "MountRotationFailed" of "provider mount err", "code = NotFound" and "objects[0]"

  @ACK-07 @ACK-02 @VEN-15
  Scenario: An older driver's Secret follows a rotation
    Given a driver of release v1.5.6
    And a driver that looks for changes every 120 seconds
    And a driver that may write Secrets
    And the SecretProviderClass "test-secrets" with the objects and secretObjects:
      """
      objects: [{objectName: test}]
      secretObjects: [{secretName: synced, type: Opaque, data: [{objectName: test, key: k}]}]
      """
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When 2 minutes pass
    Then the Secret "synced" of type "Opaque" holds:
      | key | value  |
      | k   | second |

  @ACK-07 @DRV-15
  Scenario Outline: With rotation off, a driver of release <release> keeps what a pod started with
    Given a driver of release <release>
    And a driver that does not look for changes
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When 1 hour passes
    Then the pod "web-0" reads the value "first" in "test"

    Examples:
      | release |
      | v1.6.0  |
      | v1.5.6  |
