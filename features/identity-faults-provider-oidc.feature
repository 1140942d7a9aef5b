Feature: The provider's own service account in trouble is told by name, in time, and nobody else reads instead
  The token is a file on the node, the session comes from the token service, the secret from KMS. The provider also has a key pair that
  could read, and the node a role that could; neither ever does.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the user "operator" with an access key
    And the user "operator" may read every secret
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the provider is told the role "app", the key of "operator" and the OIDC provider
    And the kubelet waits 4 seconds

  @ACK-10 @ACK-11 @ACK-16 @EXT-01 @DRV-07
  Scenario Outline: <fault>
    Given <given>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Absent
      | fault                     | given                                     | code            | named            | calls |
      | the token is absent       | the provider's own token is not projected | Unauthenticated | rrsa.enable      | none  |
      | the token's file is empty | the provider's own token is ""            | Unauthenticated | it is empty      | none  |

    Examples: Wrong
      | fault                     | given                                 | code            | named                                     | calls              |
      | the token is none         | the provider's own token is "no-token" | Unauthenticated | presented were issuer (unreadable)       | AssumeRoleWithOIDC |
      | the role is not there     | the provider is told the role "nobody" | NotFound       | check that the role exists in its account | AssumeRoleWithOIDC |

    Examples: Expired
      | fault                     | given                                | code            | named                                | calls                                  |
      | the token has expired     | the provider's own token has expired | Unauthenticated | AuthenticationFail.OIDCToken.Expired | AssumeRoleWithOIDC                     |
      | every session has expired | KMS no longer takes the session      | Unauthenticated | a new session was refused, too       | 2 AssumeRoleWithOIDC, 2 GetSecretValue |

    Examples: Denied
      | fault                           | given                                                                                 | code             | named                        | calls                              |
      | the trust names another account | the trust of the role "app" insists on the oidc:sub "system:serviceaccount:other:app" | PermissionDenied | oidc:sub in the trust policy | AssumeRoleWithOIDC                 |
      | the role may not read           | the role "app" may do nothing any more                                                | PermissionDenied | kms:GetSecretValue           | AssumeRoleWithOIDC, GetSecretValue |

  @ACK-10 @EXT-01 @EXT-04 @DRV-07
  Scenario Outline: <trouble>
    Given <trouble>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: The token service opens no session
      | trouble                               | code             | named                                 | calls                 |
      | the token service refuses             | PermissionDenied | compare them with oidc:iss            | AssumeRoleWithOIDC    |
      | the token service throttles           | Unknown          | the account's quota of STS is used up | 2+ AssumeRoleWithOIDC |
      | the token service answers 500         | Unknown          | the service is in trouble             | 5 AssumeRoleWithOIDC  |
      | the token service answers 503         | Unknown          | the service is in trouble             | 5 AssumeRoleWithOIDC  |
      | the token service resets              | Unknown          | could not be reached                  | 5 AssumeRoleWithOIDC  |
      | the token service hangs               | Unknown          | did not answer in time                | AssumeRoleWithOIDC    |
      | the token service hangs in the middle | Unknown          | did not answer in time                | AssumeRoleWithOIDC    |
      | the token service answers garbage     | Unknown          | answered with something other than    | AssumeRoleWithOIDC    |
      | the token service answers a web page  | Unknown          | answered with something other than    | AssumeRoleWithOIDC    |
      | the token service answers half        | Unknown          | answered with something other than    | AssumeRoleWithOIDC    |
      | the token service answers nothing     | Unknown          | answered with something other than    | AssumeRoleWithOIDC    |
      | the token service answers without fields | Unknown       | an answer without Credentials         | AssumeRoleWithOIDC    |
      | the token service cannot be reached   | Unknown          | could not be reached                  | none                  |

    Examples: KMS gives no secret
      | trouble             | code    | named                                  | calls                                 |
      | KMS throttles       | Unknown | the account's request quota is used up | AssumeRoleWithOIDC, 2+ GetSecretValue |
      | KMS answers 503     | Unknown | the service is in trouble              | AssumeRoleWithOIDC, 5 GetSecretValue  |
      | KMS resets          | Unknown | could not be reached                   | AssumeRoleWithOIDC, 5 GetSecretValue  |
      | KMS hangs           | Unknown | did not answer in time                 | AssumeRoleWithOIDC, GetSecretValue    |
      | KMS answers garbage | Unknown | answered with something other than     | AssumeRoleWithOIDC, GetSecretValue    |

  @ACK-10 @EXT-04
  Scenario Outline: <trouble>, and then it passes
    Given <trouble>
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app"
    And the last mount made the calls <calls>

    Examples:
      | trouble                                       | calls                                  |
      | the token service throttles 2 times           | 3 AssumeRoleWithOIDC, GetSecretValue   |
      | the token service answers 500 once            | 2 AssumeRoleWithOIDC, GetSecretValue   |
      | the token service answers 503 once            | 2 AssumeRoleWithOIDC, GetSecretValue   |
      | the token service resets once                 | 2 AssumeRoleWithOIDC, GetSecretValue   |
      | the token service hangs up in the middle once | 2 AssumeRoleWithOIDC, GetSecretValue   |
      | KMS throttles 2 times                         | AssumeRoleWithOIDC, 3 GetSecretValue   |
      | KMS resets once                               | AssumeRoleWithOIDC, 2 GetSecretValue   |
      | KMS no longer takes the session once          | 2 AssumeRoleWithOIDC, 2 GetSecretValue |
