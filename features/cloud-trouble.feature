Feature: A cloud in trouble never leaves a pod in doubt
  After some answers the kubelet believes that the volume may be mounted, and may start the pod on an empty folder. So whatever
  happens to the cloud, the provider answers before the kubelet stops waiting, with a refusal that is final and says which host
  did what.

  Background:
    Given the provider has an access key of the account
    And the SecretProviderClass "test-secrets" with the objects `- objectName: db/password`
    And the kubelet waits 2 seconds

  @DRV-07
  Scenario Outline: A cloud that <trouble>
    Given a cloud in trouble, which <trouble>
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names the cloud's address
    And the refusal names "default/test-secrets", "objects[0]", "db/password" and "<reason>"
    And the answer came before the kubelet stopped waiting
    And the pod has no volume

    Examples:
      | trouble                       | reason                     |
      | cannot be reached             | could not be reached       |
      | never answers                 | did not answer in time     |
      | resets the connection         | could not be reached       |
      | hangs up in the middle        | could not be reached       |
      | speaks another protocol       | could not be reached       |
      | answers with an error page    | HTTP 502                   |
      | answers with a login page     | something other            |
      | answers with half a JSON text | something other            |
      | answers with a list           | something other            |
      | answers without a value       | something other            |
