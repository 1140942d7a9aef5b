Feature: A pod's own service account in trouble is told by name, in time, and nobody else reads instead
  Annotation, account and token come from Kubernetes, the session from the token service, the secret from KMS. Each of them can be
  absent, wrong, expired, denied, throttled, broken, reset, silent or senseless. The provider and the node have
  roles that could read; neither ever does.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the provider is told the role "app" and the OIDC provider
    And the kubelet waits 4 seconds

  @VEN-01 @EXT-01 @ACK-11 @ACK-16 @DRV-07
  Scenario Outline: <fault>
    Given <given>
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Absent
      | fault                                | given                                                     | code            | named                                   | calls               |
      | the annotation is absent             | the service account "web" without a role                  | Unauthenticated | default/web has no annotation           | get serviceaccounts |
      | the account is absent                | the service account "web" is deleted                      | Unauthenticated | there is no service account default/web | get serviceaccounts |
      | the token is absent                  | the driver asks for no tokens                             | Unauthenticated | sent no service account token           | none                |
      | the token for the cloud is absent    | the driver asks for tokens of the audience "vault" alone  | Unauthenticated | sent no token for audience              | none                |

    Examples: Wrong
      | fault                                | given                                          | code            | named                                     | calls                                   |
      | the annotation is no role            | the service account "web" annotated with "web" | Unauthenticated | expected a role's ARN                     | get serviceaccounts                     |
      | the role is not there                | the service account "web" with the role "nobody" | NotFound      | check that the role exists in its account | get serviceaccounts, AssumeRoleWithOIDC |
      | the token is none                    | the tokens of pods are no tokens               | Unauthenticated | presented were issuer (unreadable)        | get serviceaccounts, AssumeRoleWithOIDC |

    Examples: Expired
      | fault                                | given                             | code            | named                               | calls                                                       |
      | the token has expired                | the tokens of pods have expired   | Unauthenticated | AuthenticationFail.OIDCToken.Expired | get serviceaccounts, AssumeRoleWithOIDC                    |
      | every session has expired            | KMS no longer takes the session   | Unauthenticated | a new session was refused, too      | get serviceaccounts, 2 AssumeRoleWithOIDC, 2 GetSecretValue |

    Examples: Denied
      | fault                                | given                                                                                        | code             | named                          | calls                                                   |
      | the trust names another account      | the trust of the role "web" insists on the oidc:sub "system:serviceaccount:default:shop"     | PermissionDenied | oidc:sub in the trust policy   | get serviceaccounts, AssumeRoleWithOIDC                 |
      | the role may not read                | the role "web" may do nothing any more                                                       | PermissionDenied | kms:GetSecretValue             | get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue |

  @VEN-01 @EXT-01 @EXT-04 @DRV-07
  Scenario Outline: <trouble>
    Given <trouble>
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Kubernetes does not tell the role
      | trouble                                       | code            | named                                     | calls                  |
      | the Kubernetes API refuses                    | Unauthenticated | the verb get on serviceaccounts           | get serviceaccounts    |
      | the Kubernetes API does not know the provider | Unauthenticated | does not take the provider's own token    | 2 get serviceaccounts  |
      | the Kubernetes API throttles                  | Unknown         | TooManyRequests (HTTP 429)                | 2+ get serviceaccounts |
      | the Kubernetes API answers 500                | Unknown         | InternalError (HTTP 500)                  | 5 get serviceaccounts  |
      | the Kubernetes API answers 503                | Unknown         | ServiceUnavailable (HTTP 503)             | 5 get serviceaccounts  |
      | the Kubernetes API resets                     | Unknown         | could not be asked for                    | 5 get serviceaccounts  |
      | the Kubernetes API hangs                      | Unknown         | the Kubernetes API did not answer in time | get serviceaccounts    |
      | the Kubernetes API answers garbage            | Unknown         | the answer is no service account          | get serviceaccounts    |
      | the Kubernetes API answers a list             | Unknown         | the answer is no service account          | get serviceaccounts    |

    Examples: The token service opens no session
      | trouble                           | code             | named                                         | calls                                      |
      | the token service refuses         | PermissionDenied | compare them with oidc:iss                    | get serviceaccounts, AssumeRoleWithOIDC    |
      | the token service throttles       | Unknown          | the account's quota of STS is used up         | get serviceaccounts, 2+ AssumeRoleWithOIDC |
      | the token service answers 500     | Unknown          | the service is in trouble                     | get serviceaccounts, 5 AssumeRoleWithOIDC  |
      | the token service answers 503     | Unknown          | the service is in trouble                     | get serviceaccounts, 5 AssumeRoleWithOIDC  |
      | the token service resets          | Unknown          | could not be reached                          | get serviceaccounts, 5 AssumeRoleWithOIDC  |
      | the token service hangs           | Unknown          | did not answer in time                        | get serviceaccounts, AssumeRoleWithOIDC    |
      | the token service hangs in the middle | Unknown      | did not answer in time                        | get serviceaccounts, AssumeRoleWithOIDC    |
      | the token service answers garbage | Unknown          | answered with something other than            | get serviceaccounts, AssumeRoleWithOIDC    |

    Examples: KMS gives no secret
      | trouble             | code    | named                              | calls                                                      |
      | KMS throttles       | Unknown | the account's request quota is used up | get serviceaccounts, AssumeRoleWithOIDC, 2+ GetSecretValue |
      | KMS answers 503     | Unknown | the service is in trouble          | get serviceaccounts, AssumeRoleWithOIDC, 5 GetSecretValue  |
      | KMS resets          | Unknown | could not be reached               | get serviceaccounts, AssumeRoleWithOIDC, 5 GetSecretValue  |
      | KMS hangs           | Unknown | did not answer in time             | get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue    |
      | KMS answers garbage | Unknown | answered with something other than | get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue    |

  @VEN-01 @EXT-04
  Scenario Outline: <trouble>, and then it passes
    Given <trouble>
    When a pod of the service account "web" mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "web"
    And the last mount made the calls <calls>

    Examples:
      | trouble                               | calls                                                     |
      | the Kubernetes API throttles 2 times  | 3 get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue |
      | the Kubernetes API answers 503 once   | 2 get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue |
      | the Kubernetes API resets once        | 2 get serviceaccounts, AssumeRoleWithOIDC, GetSecretValue |
      | the token service throttles 2 times   | get serviceaccounts, 3 AssumeRoleWithOIDC, GetSecretValue |
      | the token service resets once         | get serviceaccounts, 2 AssumeRoleWithOIDC, GetSecretValue |
      | KMS throttles 2 times                 | get serviceaccounts, AssumeRoleWithOIDC, 3 GetSecretValue |
      | KMS resets once                       | get serviceaccounts, AssumeRoleWithOIDC, 2 GetSecretValue |
      | KMS no longer takes the session once  | get serviceaccounts, 2 AssumeRoleWithOIDC, 2 GetSecretValue |
