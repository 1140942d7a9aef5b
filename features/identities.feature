Feature: A pod's secrets are read by who is meant to read them
  The provider can be told of several identities, and a pod can bring one of its own. Which one reads is decided before anything
  is asked; an identity that was asked for and cannot be had is an error, and no other takes its place. The table is that of the README.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @ACK-10 @ACK-12 @VEN-02 @VEN-13 @cluster
  Scenario Outline: The provider's own service account, in the namespace <namespace>, becomes the role
    Given the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the provider is told <told>
    And the provider is installed in the namespace "<namespace>"
    And the trust of the role "app" insists on the oidc:sub "system:serviceaccount:<namespace>:csi-secrets-store-provider-alibabacloud"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app" in the session "csi-secrets-store-provider-alibaba"
    And the last mount made exactly these calls:
      | call               | times |
      | AssumeRoleWithOIDC | 1     |
      | GetSecretValue     | 1     |

    Examples:
      | told                                     | namespace   |
      | the role "app" and the OIDC provider     | kube-system |
      | the role "app", the account and the cluster | kube-system |
      | the role "app" and the OIDC provider     | secrets     |

  @ACK-14 @VEN-13 @cluster
  Scenario: A key pair that may do nothing but assume the role becomes the role
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "app" that the account may assume
    And the role "app" may read every secret
    And the provider is told the key of "operator" and the role "app"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app" in the session "csi-secrets-store-provider-alibaba"
    And the last mount made exactly these calls:
      | call           | times |
      | AssumeRole     | 1     |
      | GetSecretValue | 1     |

  @VEN-03 @VEN-13 @cluster
  Scenario: A key pair alone reads for itself
    Given the user "operator" with an access key
    And the user "operator" may read every secret
    And the provider is told the key of "operator"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the user "operator"
    And the last mount made exactly these calls:
      | call           | times |
      | GetSecretValue | 1     |

  @ACK-13 @VEN-13 @cluster
  Scenario: Told of nothing, the provider is who its node is
    Given the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "worker"
    And the cloud saw exactly 1 call of "GetRoleCredentials"

  @VEN-04 @DRV-06 @cluster
  Scenario Outline: A pod's own key pair reads, <how>
    Given the user "developer" with an access key
    And the user "developer" may read every secret
    And a pod that mounts "test-secrets" and brings <brings>
    When the pod starts
    Then the file "test" holds the value "first"
    And the secret was read by the user "developer"
    And the metadata service was never asked

    Examples:
      | how                     | brings                                    |
      | as documented           | the key of "developer"                    |
      | whatever the letter case | in other letter case the key of "developer" |

  @VEN-01 @VEN-02 @DRV-06
  Scenario Outline: A pod's own service account becomes the role in its annotation, with its token <where>
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told <told>
    And <delivery>
    When a pod of the service account "web" mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "web" in the session "csi-secrets-store-provider-alibaba"
    And the last mount made exactly these calls:
      | call                | times |
      | get serviceaccounts | 1     |
      | AssumeRoleWithOIDC  | 1     |
      | GetSecretValue      | 1     |

    Examples:
      | told                        | where                | delivery                                        |
      | the OIDC provider           | among the attributes | the kubelet hands tokens over in the attributes |
      | the account and the cluster | among the attributes | the kubelet hands tokens over in the attributes |
      | the OIDC provider           | in both places       | the kubelet hands tokens over among the secrets |
