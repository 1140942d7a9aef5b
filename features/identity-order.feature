Feature: Who reads is decided by a table, and nobody slides into another identity
  What the provider is told and what a pod brings decide who reads. Every row of the README's table stands here. What was asked for
  and cannot be had is refused with the missing piece and the next step, before the cloud is asked.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the user "operator" with an access key
    And the user "operator" may read every secret
    And the user "operator" may assume every role
    And the user "developer" with an access key
    And the user "developer" may read every secret
    And the role "app" that the provider's service account and the account may assume
    And the role "app" may read every secret
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"

  @VEN-05
  Scenario Outline: Told of <told>, for a pod that brings <brings>, the <reader> reads
    Given the provider is told <told>
    And a pod that mounts "test-secrets" and brings <brings>
    When the pod starts
    Then the file "test" holds the value "first"
    And the secret was read by the <reader>
    And the cloud saw exactly <opened> call of "<opening>"

    Examples: What the provider is told
      | told                                                        | brings  | reader          | opened | opening            |
      | the role "app" and the OIDC provider                        | nothing | role "app"      | 1      | AssumeRoleWithOIDC |
      | the role "app", the key of "operator" and the OIDC provider | nothing | role "app"      | 1      | AssumeRoleWithOIDC |
      | the role "app" and the key of "operator"                    | nothing | role "app"      | 1      | AssumeRole         |
      | the key of "operator"                                       | nothing | user "operator" | 0      | AssumeRole         |
      | the key of "operator" and the OIDC provider                 | nothing | user "operator" | 0      | AssumeRoleWithOIDC |
      | nothing                                                     | nothing | role "worker"   | 1      | GetRoleCredentials |
      | the OIDC provider                                           | nothing | role "worker"   | 1      | GetRoleCredentials |

    Examples: What a pod brings
      | told                                     | brings                 | reader           | opened | opening            |
      | the key of "operator"                    | the key of "developer" | user "developer" | 0      | AssumeRole         |
      | nothing                                  | the key of "developer" | user "developer" | 0      | GetRoleCredentials |
      | the OIDC provider                        | the key of "developer" | user "developer" | 0      | AssumeRoleWithOIDC |
      | the role "app" and the OIDC provider     | the key of "developer" | role "app"       | 1      | AssumeRoleWithOIDC |
      | the role "app" and the key of "operator" | the key of "developer" | role "app"       | 1      | AssumeRole         |

  @VEN-05
  Scenario Outline: A pod's key pair that is not used beside <told> is warned of
    Given the provider is told <told>
    And a pod that mounts "test-secrets" and brings the key of "developer"
    When the pod starts
    Then the secret was read by the role "app"
    And the provider's log warns of "nodePublishSecretRef" and "not used"

    Examples:
      | told                                     |
      | the role "app" and the OIDC provider     |
      | the role "app" and the key of "operator" |

  @VEN-05
  Scenario Outline: The operator can prefer the keys of pods to <told>
    Given the provider is told <told>
    And the operator prefers the keys of pods
    And a pod that mounts "test-secrets" and brings <brings>
    When the pod starts
    Then the secret was read by the <reader>

    Examples:
      | told                                     | brings                 | reader           |
      | the role "app" and the OIDC provider     | the key of "developer" | user "developer" |
      | the role "app" and the key of "operator" | the key of "developer" | user "developer" |
      | the role "app" and the OIDC provider     | nothing                | role "app"       |

  @VEN-01 @VEN-05
  Scenario Outline: A pod's own identity goes before <told> and whatever else it brings
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told <told>
    And a pod that mounts "test-secrets" and brings <brings>
    When the pod starts
    Then the secret was read by the role "web"
    And the cloud saw exactly 1 call of "AssumeRoleWithOIDC"

    Examples:
      | told                                                        | brings                                           |
      | the OIDC provider                                           | the service account "web"                        |
      | the OIDC provider                                           | the service account "web" and the key of "developer" |
      | the role "app" and the OIDC provider                        | the service account "web"                        |
      | the role "app", the key of "operator" and the OIDC provider | the service account "web" and the key of "developer" |

  @EXT-01
  Scenario Outline: A pod that asks for its own identity reads as nobody else when <reason>
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" <account>
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told <told>
    And the driver asks for tokens of the audience "<audience>" alone
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And no call reached the cloud
    And the pod has no volume

    Examples:
      | reason                        | account                     | told                                 | audience         | code            | named                            |
      | its account has no role       | without a role              | the role "app" and the OIDC provider | sts.aliyuncs.com | Unauthenticated | ack.alibabacloud.com/role-arn    |
      | the annotation is no role     | annotated with "web"        | the role "app" and the OIDC provider | sts.aliyuncs.com | Unauthenticated | expected a role's ARN            |
      | the driver asks other tokens  | with the role "web"         | the role "app" and the OIDC provider | vault            | Unauthenticated | only for                         |
      | nobody vouches for its tokens | with the role "web"         | the key of "operator"                | sts.aliyuncs.com | Unauthenticated | ALICLOUD_OIDC_PROVIDER_ARN       |
      | nothing vouches on the node   | with the role "web"         | nothing                              | sts.aliyuncs.com | Unauthenticated | ALICLOUD_OIDC_PROVIDER_ARN       |

  @EXT-01
  Scenario: A pod that asks for its own identity reads as nobody else when the driver asks for no tokens
    Given the service account "web" with the role "app"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the role "app" and the OIDC provider
    And the driver asks for no tokens
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "tokenRequests" and "sts.aliyuncs.com"
    And no call reached the cloud

  @EXT-01
  Scenario: A pod whose service account does not exist reads as nobody else
    Given the service account "web" with the role "app"
    And the service account "web" is deleted
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the role "app" and the OIDC provider
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "there is no service account default/web"
    And no call reached the cloud

  @EXT-01
  Scenario: The operator can let a pod without an identity read with the provider's, and is warned
    Given the service account "web" without a role
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the role "app" and the OIDC provider
    And the operator lets pods without an identity read with the provider's
    When a pod of the service account "web" mounts "test-secrets"
    Then the secret was read by the role "app"
    And the provider's log warns of "default/web"

  @EXT-01
  Scenario: An identity that the cloud refuses is not replaced, whatever the operator lets pods do
    Given the role "web" that the service account "another" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the role "app" and the OIDC provider
    And the operator lets pods without an identity read with the provider's
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "role/web"
    And the last mount made exactly these calls:
      | call                | times |
      | get serviceaccounts | 1     |
      | AssumeRoleWithOIDC  | 1     |

  @EXT-01
  Scenario: A token of the provider's own that is not there is an error, and keys do not rescue it
    Given the provider is told the role "app", the key of "operator" and the OIDC provider
    And the provider's own token is not projected
    When a pod mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "ALICLOUD_OIDC_TOKEN_FILE" and "rrsa.enable"
    And no call reached the cloud

  @EXT-01
  Scenario Outline: Half of a pod's key pair is refused, naming the other half
    Given the provider is told the key of "operator"
    And a pod that mounts "test-secrets" and brings only the <half> of the key of "developer"
    When the pod starts
    Then the mount is refused as Unauthenticated with "nodePublishSecretRef" and "<missing> is missing"
    And no call reached the cloud

    Examples:
      | half   | missing       |
      | id     | access_secret |
      | secret | access_key    |

  @EXT-01
  Scenario Outline: Told of <told>, the provider refuses to start
    Given the provider is told <told>
    When somebody tries to start the provider
    Then the provider refuses to start and names <named>

    Examples:
      | told                                  | named                                                                      |
      | the role "app"                        | "ALICLOUD_ROLE_ARN", "ALICLOUD_OIDC_PROVIDER_ARN" and "ACCESS_KEY_ID"      |
      | half the key of "operator"            | "ACCESS_KEY_ID is set", "SECRET_ACCESS_KEY is missing"                     |
      | the account                           | "ALICLOUD_ACCOUNT_ID is set", "ALICLOUD_CLUSTER_ID is missing"             |
      | the cluster                           | "ALICLOUD_CLUSTER_ID is set", "ALICLOUD_ACCOUNT_ID is missing"             |
      | the role "app" and half the key of "operator" | "SECRET_ACCESS_KEY is missing"                                     |
