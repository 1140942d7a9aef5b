Feature: A role of another account in trouble is told by name, in time, and its base does not read instead
  Whoever reads otherwise becomes the role first. What is wrong with the base is wrong with the role, too; the rest is the role's own:
  it can be absent, want an external id, trust somebody else, or not be let read. The base could read a secret of the same name.

  Background:
    Given KMS holds the secret "shared" with the value "ours"
    And the KMS of the other account holds the secret "shared" with the value "theirs"
    And the user "operator" with an access key
    And the user "operator" may read every secret
    And the user "operator" may assume every role
    And the role "partner" of the other account that the account may assume
    And the role "partner" of the other account may read every secret
    And the role "wary" of the other account that the account may assume with the external id "team-a"
    And the role "closed" of the other account that only strangers may assume
    And the kubelet waits 4 seconds

  @VEN-06 @ACK-16 @EXT-01 @DRV-07
  Scenario Outline: <fault>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/<role>"}]`
    And <given>
    And the provider is told the key of "operator"
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets", "objects[0]" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: Absent
      | fault                           | given                                         | role    | code             | named                                     | calls      |
      | the role is absent              | the provider is told nothing                  | nobody  | NotFound         | failed to assume cross account role       | AssumeRole |
      | the external id is absent       | the provider is told nothing                  | wary    | PermissionDenied | failed to assume cross account role       | AssumeRole |

    Examples: Wrong
      | fault                           | given                                                | role    | code             | named                                     | calls      |
      | the external id is another      | the provider is told the external id "team-b"        | wary    | PermissionDenied | failed to assume cross account role       | AssumeRole |
      | the base's key is mistyped      | the secret half of the key of "operator" is mistyped | partner | Unauthenticated  | check ACCESS_KEY_ID and SECRET_ACCESS_KEY | AssumeRole |

    Examples: Expired
      | fault                           | given                                            | role    | code            | named                                     | calls                          |
      | the base's key was deleted      | the access key of the user "operator" is deleted | partner | Unauthenticated | check ACCESS_KEY_ID and SECRET_ACCESS_KEY | AssumeRole                     |
      | every session has expired       | KMS no longer takes the session                  | partner | Unauthenticated | InvalidSecurityToken.Expired              | 2 AssumeRole, 2 GetSecretValue |

    Examples: Denied
      | fault                           | given                                                           | role    | code             | named                                                    | calls                      |
      | the trust names somebody else   | the provider is told nothing                                    | closed  | PermissionDenied | let the trust policy of the role name its account        | AssumeRole                 |
      | the base may not assume it      | the user "operator" may do nothing any more                     | partner | PermissionDenied | sts:AssumeRole on acs:ram::6543210987654321:role/partner | AssumeRole                 |
      | the role may not read           | the role "partner" of the other account may do nothing any more | partner | PermissionDenied | kms:GetSecretValue                                       | AssumeRole, GetSecretValue |

  @VEN-06 @EXT-01 @DRV-07
  Scenario: The base is absent: a pod without an identity of its own becomes no other account's role
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/partner"}]`
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the service account "web" without a role
    And the provider is told the key of "operator" and the OIDC provider
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "objects[0]", "base credential is required for cross-account access" and "default/web has no annotation"
    And the mount is refused for good
    And the last mount made the calls get serviceaccounts

  @VEN-06 @EXT-01 @EXT-04 @DRV-07
  Scenario Outline: <trouble>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/partner"}]`
    And the provider is told the key of "operator"
    And <trouble>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets", "objects[0]" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: The token service opens no session
      | trouble                             | code             | named                                 | calls         |
      | the token service refuses           | PermissionDenied | failed to assume cross account role   | AssumeRole    |
      | the token service throttles         | Unknown          | the account's quota of STS is used up | 2+ AssumeRole |
      | the token service answers 500       | Unknown          | the service is in trouble             | 5 AssumeRole  |
      | the token service answers 503       | Unknown          | the service is in trouble             | 5 AssumeRole  |
      | the token service resets            | Unknown          | could not be reached                  | 5 AssumeRole  |
      | the token service hangs             | Unknown          | did not answer in time                | AssumeRole    |
      | the token service answers garbage   | Unknown          | answered with something other than    | AssumeRole    |

    Examples: KMS gives no secret
      | trouble             | code    | named                                  | calls                         |
      | KMS throttles       | Unknown | the account's request quota is used up | AssumeRole, 2+ GetSecretValue |
      | KMS answers 503     | Unknown | the service is in trouble              | AssumeRole, 5 GetSecretValue  |
      | KMS resets          | Unknown | could not be reached                   | AssumeRole, 5 GetSecretValue  |
      | KMS hangs           | Unknown | did not answer in time                 | AssumeRole, GetSecretValue    |
      | KMS answers garbage | Unknown | answered with something other than     | AssumeRole, GetSecretValue    |

  @VEN-06 @EXT-04
  Scenario Outline: <trouble>, and then it passes
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/partner"}]`
    And the provider is told the key of "operator"
    And <trouble>
    When a pod mounts "test-secrets"
    Then the file "shared" holds the value "theirs"
    And the secret was read by the role "partner" of the other account
    And the last mount made the calls <calls>

    Examples:
      | trouble                              | calls                          |
      | the token service throttles 2 times  | 3 AssumeRole, GetSecretValue   |
      | the token service resets once        | 2 AssumeRole, GetSecretValue   |
      | KMS throttles 2 times                | AssumeRole, 3 GetSecretValue   |
      | KMS resets once                      | AssumeRole, 2 GetSecretValue   |
      | KMS no longer takes the session once | 2 AssumeRole, 2 GetSecretValue |
