Feature: An operator sees what the provider does
  The operator's door says whether the provider serves, and what it did; the log says it line by line. Neither depends on the cloud,
  and neither shows a secret.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @EXT-05
  Scenario: The provider is ready while it serves
    When the provider starts
    Then the page "/readyz" answers 200
    And the page "/healthz" answers 200

  @EXT-05
  Scenario: A cloud out of reach is no fault of the provider's
    Given KMS cannot be reached
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the page "/readyz" answers 200
    And the page "/healthz" answers 200

  @EXT-05
  Scenario: A provider whose socket was taken away is neither ready nor alive
    Given a pod has mounted "test-secrets"
    When somebody removes the socket
    Then the page "/readyz" answers 503
    And the page "/healthz" answers 503

  @EXT-05 @DRV-12
  Scenario: A provider that is told to stop is not ready, while a mount still runs
    Given a cloud that answers only when it is allowed to
    And a pod that mounts "test-secrets"
    And a mount that waits for the cloud
    When the provider is told to stop
    Then new calls are refused
    And the page "/readyz" answers 503
    And the cloud is allowed to answer
    And the mount that was waiting succeeds

  @EXT-05 @ACK-40
  Scenario: Mounts and calls are counted by what came of them, without names that users chose
    Given the SecretProviderClass "other-secrets" with the objects `- objectName: db/password`
    And a pod has mounted "test-secrets"
    When a pod mounts "other-secrets"
    Then the page "/metrics" tells:
      """
      mounts_total{outcome="ok",source="access_key"} 1
      mounts_total{outcome="not_found",source="access_key"} 1
      cloud_requests_total{service="kms",operation="GetSecretValue",code="OK"} 1
      cloud_requests_total{service="kms",operation="GetSecretValue",code="Forbidden.ResourceNotFound"} 1
      """
    And the page "/metrics" does not tell "test-secrets" or "db/password"

  @EXT-05 @ACK-40
  Scenario: Every line of the log is an object, and the line of a mount names class and pod
    When a pod mounts "test-secrets"
    Then every line of the provider's log is an object with "timestamp", "level" and "message"
    And a line of the provider's log names "mounted", "test-secrets", "web" and "default"
    And no secret stands in the provider's log, in the refusal or in the cloud's records
