Feature: Trouble on the way to an identity is outlived or told, in time
  What may pass is tried again within the mount's time; what stays is refused by name, for good, before the kubelet stops waiting.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the kubelet waits 4 seconds

  @EXT-04 @ACK-10
  Scenario Outline: A token service that <behaviour> once is asked again
    Given the provider is told the role "app" and the OIDC provider
    And the token service <behaviour> once
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the last mount made exactly these calls:
      | call               | times |
      | AssumeRoleWithOIDC | 2     |
      | GetSecretValue     | 1     |

    Examples:
      | behaviour             |
      | throttles             |
      | answers 500           |
      | answers 503           |
      | resets                |
      | hangs up in the middle |

  @DRV-07 @ACK-10
  Scenario Outline: A token service that <behaviour> fails the mount in time
    Given the provider is told the role "app" and the OIDC provider
    And the token service <behaviour>
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the answer came before the kubelet stopped waiting
    And the cloud saw exactly 0 calls of "GetSecretValue"

    Examples:
      | behaviour         | code             | named                  |
      | refuses           | PermissionDenied | NoPermission           |
      | hangs             | Unknown          | did not answer in time |
      | answers garbage   | Unknown          | answered with          |
      | cannot be reached | Unknown          | could not be reached   |

  @DRV-07 @ACK-13
  Scenario Outline: A metadata service that <behaviour> fails the mount in time
    Given the metadata service <behaviour>
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names "default/test-secrets", "the node's own cannot be had" and "<named>"
    And the answer came before the kubelet stopped waiting
    And the cloud saw exactly 0 calls of "GetSecretValue"

    Examples:
      | behaviour         | named                  |
      | hangs             | did not answer in time |
      | answers 500       | HTTP 500               |
      | resets            | could not be reached   |
      | answers garbage   | answered with          |
      | cannot be reached | could not be reached   |

  @DRV-07 @VEN-01 @EXT-01
  Scenario Outline: A Kubernetes API that <behaviour> fails the mount in time
    Given the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the role "app" and the OIDC provider
    And the Kubernetes API <behaviour>
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused for good
    And the mount is refused as <code> with "default/web" and "<named>"
    And the answer came before the kubelet stopped waiting
    And no call reached the cloud

    Examples:
      | behaviour                  | code            | named                            |
      | refuses                    | Unauthenticated | verb get on serviceaccounts      |
      | does not know the provider | Unauthenticated | HTTP 401                         |
      | answers 500                | Unknown         | HTTP 500                         |
      | answers garbage            | Unknown         | is no service account            |
      | resets                     | Unknown         | could not be asked               |
