Feature: Secrets rotate in running pods
  The kubelet asks for every volume again each 60 to 90 seconds. A driver that looks for changes asks the provider, unless the
  volume has changed within its interval; only changed bytes touch the volume, and a failed look keeps what is there.

  The time of these scenarios is the driver's and is moved, not waited for.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @ACK-01 @ACK-03 @DRV-03 @cluster
  Scenario: A running pod sees a new version within two looks of the driver
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And 10 minutes have passed
    And the secret "test" gets the version "v2" with the value "second"
    When 2 minutes pass
    Then the pod "web-0" reads the value "second" in "test"
    And the status of the pod "web-0" for "test-secrets" stores these object versions:
      | id   | version |
      | test | v2      |
    And the pod "web-0" has no events

  @ACK-03 @DRV-03
  Scenario: Every change reaches the pod, one after the other
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    And 5 minutes have passed
    And the secret "test" gets the version "v3" with the value "third"
    When 5 minutes pass
    Then the pod "web-0" reads the value "third" in "test"

  @ACK-03 @DRV-03
  Scenario: Without a change the driver asks at every look and touches nothing
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And 10 minutes have passed
    When 10 minutes pass
    Then the kubelet asked 8 times, and the driver asked the provider 8 times
    And the volume was never touched
    And the pod "web-0" reads the value "first" in "test"

  @ACK-03
  Scenario: After a mount the driver leaves the volume alone for its interval
    Given a driver that looks for changes every 300 seconds
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When 290 seconds pass
    Then the kubelet asked 3 times, and the driver asked the provider 0 times
    And the pod "web-0" reads the value "first" in "test"

  @DRV-15
  Scenario: With rotation off a pod keeps what it started with
    Given a driver that does not look for changes
    And the pod "web-0" with "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When 1 hour passes
    Then the pod "web-0" reads the value "first" in "test"
    And a pod that starts now reads the value "second" in "test"

  @DRV-15 @DRV-08
  Scenario: A failed look keeps the old content and is not heard of
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And the secret "test" is deleted
    When 10 minutes pass
    Then the last look failed as NotFound
    And the pod "web-0" reads the value "first" in "test"
    And the status of the pod "web-0" for "test-secrets" stores these object versions:
      | id   | version |
      | test | v1      |
    And the pod "web-0" has no events

  @DRV-15 @ACK-03
  Scenario: What failed is looked for again, and found
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And the secret "test" is deleted
    And 10 minutes have passed
    And the secret "test" gets the version "v7" with the value "back again"
    When 2 minutes pass
    Then the pod "web-0" reads the value "back again" in "test"

  @ACK-03 @cluster
  Scenario: An edited class takes effect at the next look
    Given a driver that looks for changes every 120 seconds
    And KMS holds the secret "other" with the value "other"
    And the pod "web-0" with "test-secrets"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: other}]`
    When 5 minutes pass
    Then the pod "web-0" sees exactly these files:
      | file  | value |
      | other | other |

  @DRV-15 @VEN-16
  Scenario: A class that is deleted under a running pod is told, and the content stays
    Given a driver that looks for changes every 120 seconds
    And the pod "web-0" with "test-secrets"
    And the SecretProviderClass "test-secrets" is deleted
    When 5 minutes pass
    Then the events of the pod "web-0" tell a Warning "FailedMount" of "failed to get secretproviderclass default/test-secrets"
    And the pod "web-0" reads the value "first" in "test"

  @ACK-03
  Scenario: A pod that has ended is not asked for
    Given a driver that looks for changes every 120 seconds
    And the pod "job-0" with "test-secrets"
    And the pod "job-0" has ended by itself
    When 10 minutes pass
    Then the kubelet asked 0 times, and the driver asked the provider 0 times
