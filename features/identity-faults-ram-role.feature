Feature: A role assumed with a key pair in trouble is told by name, in time, and nobody else reads instead
  The key pair is the provider's, the session comes from the token service, the secret from KMS. The user of the key pair could read
  for himself, and the node has a role that could; neither ever does. A pair of which all is absent is another source's case: without
  it there is a role and nothing to assume it with, which the provider refuses at its start.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the user "operator" with an access key
    And the user "operator" may read every secret
    And the user "operator" may assume every role
    And the role "app" that the account may assume
    And the role "app" may read every secret
    And the kubelet waits 4 seconds

  @ACK-14 @EXT-01
  Scenario Outline: Half of the key pair is absent, or all of it, and the provider does not start
    Given the provider is told <told>
    When somebody tries to start the provider
    Then the provider refuses to start and names "<named>"
    And no call reached the cloud

    Examples: Absent
      | told                                          | named                           |
      | the role "app" and half the key of "operator" | SECRET_ACCESS_KEY is missing    |
      | the role "app"                                | nothing to assume the role with |

  @ACK-14 @ACK-16 @EXT-01 @DRV-07
  Scenario Outline: <fault>
    Given <given>
    And the provider is told the key of "operator" and the role "<role>"
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Wrong
      | fault                     | given                                      | role   | code            | named                                     | calls      |
      | the key is mistyped       | the secret half of the key of "operator" is mistyped | app | Unauthenticated | check ACCESS_KEY_ID and SECRET_ACCESS_KEY | AssumeRole |
      | the role is not there     | the provider is told nothing               | nobody | NotFound        | check that the role exists in its account | AssumeRole |

    Examples: Expired
      | fault                     | given                                              | role | code            | named                                     | calls                          |
      | the key was deleted       | the access key of the user "operator" is deleted   | app  | Unauthenticated | check ACCESS_KEY_ID and SECRET_ACCESS_KEY | AssumeRole                     |
      | every session has expired | KMS no longer takes the session                    | app  | Unauthenticated | InvalidSecurityToken.Expired              | 2 AssumeRole, 2 GetSecretValue |

    Examples: Denied
      | fault                      | given                                            | role   | code             | named                                                     | calls                      |
      | the trust names nobody here | the role "closed" that only strangers may assume | closed | PermissionDenied | let the trust policy of the role name its account         | AssumeRole                 |
      | the user may not assume it | the user "operator" may do nothing any more      | app    | PermissionDenied | sts:AssumeRole on acs:ram::1234567890123456:role/app      | AssumeRole                 |
      | the role may not read      | the role "app" may do nothing any more           | app    | PermissionDenied | kms:GetSecretValue                                        | AssumeRole, GetSecretValue |

  @ACK-14 @EXT-01 @EXT-04 @DRV-07
  Scenario Outline: <trouble>
    Given the provider is told the key of "operator" and the role "app"
    And <trouble>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: The token service opens no session
      | trouble                             | code             | named                                 | calls         |
      | the token service refuses           | PermissionDenied | sts:AssumeRole on                     | AssumeRole    |
      | the token service throttles         | Unknown          | the account's quota of STS is used up | 2+ AssumeRole |
      | the token service answers 500       | Unknown          | the service is in trouble             | 5 AssumeRole  |
      | the token service answers 503       | Unknown          | the service is in trouble             | 5 AssumeRole  |
      | the token service resets            | Unknown          | could not be reached                  | 5 AssumeRole  |
      | the token service hangs             | Unknown          | did not answer in time                | AssumeRole    |
      | the token service answers garbage   | Unknown          | answered with something other than    | AssumeRole    |
      | the token service cannot be reached | Unknown          | could not be reached                  | none          |

    Examples: KMS gives no secret
      | trouble             | code    | named                                  | calls                         |
      | KMS throttles       | Unknown | the account's request quota is used up | AssumeRole, 2+ GetSecretValue |
      | KMS answers 503     | Unknown | the service is in trouble              | AssumeRole, 5 GetSecretValue  |
      | KMS resets          | Unknown | could not be reached                   | AssumeRole, 5 GetSecretValue  |
      | KMS hangs           | Unknown | did not answer in time                 | AssumeRole, GetSecretValue    |
      | KMS answers garbage | Unknown | answered with something other than     | AssumeRole, GetSecretValue    |

  @ACK-14 @EXT-04
  Scenario Outline: <trouble>, and then it passes
    Given the provider is told the key of "operator" and the role "app"
    And <trouble>
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app"
    And the last mount made the calls <calls>

    Examples:
      | trouble                              | calls                          |
      | the token service throttles 2 times  | 3 AssumeRole, GetSecretValue   |
      | the token service answers 503 once   | 2 AssumeRole, GetSecretValue   |
      | the token service resets once        | 2 AssumeRole, GetSecretValue   |
      | KMS throttles 2 times                | AssumeRole, 3 GetSecretValue   |
      | KMS resets once                      | AssumeRole, 2 GetSecretValue   |
      | KMS no longer takes the session once | 2 AssumeRole, 2 GetSecretValue |
