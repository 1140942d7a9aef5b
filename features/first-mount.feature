Feature: A pod never starts on an empty volume
  With rotation on, the driver takes a folder that was just made for a volume that needs no look. The kubelet keeps that folder when
  a first mount fails with an uncertain code, and asks again half a second later. So a provider that answers with such a code lets
  pods start without their secrets, for good; one that answers with a final code lets them wait and start properly.

  Background:
    Given a driver that looks for changes every 120 seconds
    And the provider has an access key of the account
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @DRV-07
  Scenario Outline: The trap, shown with a stand-in provider that answers <code>
    Given a stand-in provider that answers <code>
    And the pod "web-0" with "test-secrets"
    And 1 second has passed
    And the stand-in provider answers with the file "test" and the value "first"
    When 10 minutes pass
    Then the pod "web-0" runs
    And the driver's volume of the pod "web-0" holds the file "test"
    But the pod "web-0" sees an empty volume

    Examples:
      | code              |
      | Unavailable       |
      | DeadlineExceeded  |
      | ResourceExhausted |
      | Aborted           |
      | Cancelled         |

  @DRV-07
  Scenario Outline: After an answer of <code> the pod waits, and then it starts properly
    Given a stand-in provider that answers <code>
    And the pod "web-0" with "test-secrets"
    And 30 seconds have passed
    And the stand-in provider answers with the file "test" and the value "first"
    When 1 minute passes
    Then the pod "web-0" reads the value "first" in "test"
    And the events of the pod "web-0" tell a Warning "FailedMount" of "code = <code>" and "a bad day"

    Examples:
      | code             |
      | Unknown          |
      | Internal         |
      | PermissionDenied |

  @DRV-07 @VEN-16
  Scenario: A cloud that does not answer keeps a pod waiting, and no longer
    Given the kubelet waits 2 seconds
    And KMS holds the secret "test" with the value "first"
    And a cloud that answers only when it is allowed to
    And the pod "web-0" with "test-secrets"
    And the cloud is allowed to answer
    When 1 second passes
    Then the pod "web-0" reads the value "first" in "test"
    And the events of the pod "web-0" tell a Warning "FailedMount" of "default/test-secrets" and "objects[0]"

  @DRV-07 @VEN-16 @cluster
  Scenario: A pod waits for a secret that is missing, and its description says why
    When the pod "web-0" starts with "test-secrets"
    Then the pod "web-0" waits for its volume
    And the events of the pod "web-0" tell a Warning "FailedMount" of "MountVolume.SetUp failed for volume", "code = NotFound", "default/test-secrets", "objects[0]" and "Forbidden.ResourceNotFound"

  @DRV-07 @cluster
  Scenario: A pod starts once its secret is there
    Given the pod "web-0" with "test-secrets"
    And KMS holds the secret "test" with the value "first"
    When 1 second passes
    Then the pod "web-0" reads the value "first" in "test"
