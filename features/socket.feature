Feature: The provider serves the CSI driver on its socket
  The driver looks for the file alibabacloud.sock in a folder of the node, and keeps to the first one it finds, alive or not. So the
  provider keeps that file in order from its first moment to its last.

  Background:
    Given the provider has an access key of the account
    And KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @DRV-01
  Scenario: A socket that a dead provider left behind is replaced
    Given a socket that a dead provider left behind
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

  @DRV-01
  Scenario: A provider that was killed is succeeded by another
    Given the provider runs
    And the provider was killed
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

  @DRV-01
  Scenario: Something else in the socket's place is an error, and is left alone
    Given a plain file where the socket belongs
    When somebody tries to start the provider
    Then the provider ends with an error that names the path of its socket
    And the plain file is still there

  @DRV-02
  Scenario: The provider tells who it is
    When the driver asks for the version
    Then the provider speaks "v1alpha1", is called "csi-secrets-store-provider-alibabacloud" and tells a version

  @DRV-12
  Scenario: Told to stop, an idle provider ends at once and takes its socket away
    Given a pod has mounted "test-secrets"
    When the provider is told to stop
    Then the provider ends with code 0 within 5 seconds
    And its socket is gone

  @DRV-12
  Scenario: Told to stop, the provider refuses new calls and brings a running mount to its end
    Given a cloud that answers only when it is allowed to
    And a pod that mounts "test-secrets"
    And a mount that waits for the cloud
    When the provider is told to stop
    Then new calls are refused
    And the cloud is allowed to answer
    And the mount that was waiting succeeds
    And the file "test" holds the value "first"
    And the provider ends with code 0 within 5 seconds
    And its socket is gone

  @DRV-12 @DRV-07
  Scenario: Told to stop, the provider refuses in the end what does not come to an end
    Given a cloud that answers only when it is allowed to
    And a provider that may take 2 seconds to stop
    And a pod that mounts "test-secrets"
    And a mount that waits for the cloud
    When the provider is told to stop
    Then the mount that was waiting is refused for good
    And the refusal names "default/test-secrets" and "stopping"
    And the provider ends with code 0 within 3 seconds
    And its socket is gone

  @DRV-14
  Scenario Outline: A client that introduces itself <how> is served, again and again on one connection
    Given a client that introduces itself <how>
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When the kubelet asks for the volume again
    Then the file "test" holds the value "second"

    Examples:
      | how                                   |
      | as localhost                          |
      | by the socket's path                  |
      | by the socket's percent-encoded path  |

  @DRV-14
  Scenario Outline: A client that introduces itself <how> is told of failures too
    Given a client that introduces itself <how>
    And the SecretProviderClass "test-secrets" with the objects `- objectName: db/password`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "default/test-secrets", "objects[0]" and "db/password"

    Examples:
      | how                                   |
      | as localhost                          |
      | by the socket's path                  |
      | by the socket's percent-encoded path  |
