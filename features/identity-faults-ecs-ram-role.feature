Feature: The role of the node's instance in trouble is told by name, in time
  Everything comes from the metadata service: whether there is a role, its name, the session. It is the last source of the table, so
  there is nobody who could read instead.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And the role "closed" that only strangers may assume
    And the role "closed" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the kubelet waits 4 seconds

  @ACK-13 @ACK-16 @DRV-07
  Scenario Outline: <fault>
    Given <given>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Absent
      | fault                              | given                                               | code            | named                                                   | calls                    |
      | the instance has no role           | a node in "cn-hangzhou" whose instance has no role  | Unauthenticated | the node's own cannot be had: no RAM role is attached   | CreateToken, GetRoleName |

    Examples: Wrong
      | fault                              | given                                               | code            | named                      | calls                           |
      | the instance has another role      | the provider is told the instance's role "other"    | Unauthenticated | RAM role other is not the one | CreateToken, GetRoleCredentials |

    Examples: Expired
      | fault                              | given                           | code            | named                          | calls                                                                   |
      | every session has expired          | KMS no longer takes the session | Unauthenticated | a new session was refused, too | CreateToken, 2 GetRoleName, 2 GetRoleCredentials, 2 GetSecretValue      |

    Examples: Denied
      | fault                              | given                                                       | code             | named              | calls                                                        |
      | the trust does not name instances  | a node in "cn-hangzhou" whose instance has the role "closed" | Unauthenticated | is not the one     | CreateToken, GetRoleName, GetRoleCredentials                 |
      | the role may not read              | the role "worker" may do nothing any more                   | PermissionDenied | kms:GetSecretValue | CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue |

  @ACK-13 @EXT-04 @DRV-07
  Scenario Outline: <trouble>
    Given <trouble>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: The metadata service tells nothing
      | trouble                                 | code            | named                              | calls          |
      | the metadata service refuses            | Unauthenticated | answered with HTTP 403             | CreateToken, GetRoleName |
      | the metadata service throttles          | Unknown         | answered with HTTP 429             | 2+ CreateToken |
      | the metadata service answers 500        | Unknown         | answered with HTTP 500             | 5 CreateToken  |
      | the metadata service answers 503        | Unknown         | answered with HTTP 503             | 5 CreateToken  |
      | the metadata service resets             | Unknown         | could not be reached               | 5 CreateToken  |
      | the metadata service hangs              | Unknown         | did not answer in time             | 2+ CreateToken |
      | the metadata service answers garbage    | Unknown         | answered with something other than | CreateToken    |
      | the metadata service answers nothing    | Unknown         | answered with something other than | CreateToken    |
      | the metadata service cannot be reached  | Unknown         | could not be reached               | none           |

    Examples: KMS gives no secret
      | trouble             | code    | named                                  | calls                                                            |
      | KMS throttles       | Unknown | the account's request quota is used up | CreateToken, GetRoleName, GetRoleCredentials, 2+ GetSecretValue  |
      | KMS answers 503     | Unknown | the service is in trouble              | CreateToken, GetRoleName, GetRoleCredentials, 5 GetSecretValue   |
      | KMS resets          | Unknown | could not be reached                   | CreateToken, GetRoleName, GetRoleCredentials, 5 GetSecretValue   |
      | KMS hangs           | Unknown | did not answer in time                 | CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |
      | KMS answers garbage | Unknown | answered with something other than     | CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |

  @ACK-13 @EXT-04
  Scenario Outline: <trouble>, and then it passes
    Given <trouble>
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "worker"
    And the last mount made the calls <calls>

    Examples:
      | trouble                                | calls                                                              |
      | the metadata service throttles 2 times | 3 CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |
      | the metadata service answers 503 once  | 2 CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |
      | the metadata service resets once       | 2 CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |
      | the metadata service hangs once        | 2 CreateToken, GetRoleName, GetRoleCredentials, GetSecretValue     |
      | KMS throttles 2 times                  | CreateToken, GetRoleName, GetRoleCredentials, 3 GetSecretValue     |
      | KMS resets once                        | CreateToken, GetRoleName, GetRoleCredentials, 2 GetSecretValue     |
      | KMS no longer takes the session once   | CreateToken, 2 GetRoleName, 2 GetRoleCredentials, 2 GetSecretValue |
