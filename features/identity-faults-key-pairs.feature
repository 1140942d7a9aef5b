Feature: A key pair in trouble is told by name, in time, and nobody else reads instead
  A key pair reads for itself, so there is no token service in between, and a trust cannot deny it: trust is a role's. A pair of which
  all is absent is no key pair: the next source of the table reads. The node has a role that could read; it never does.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the user "operator" with an access key
    And the user "operator" may read every secret
    And the user "developer" with an access key
    And the user "developer" may read every secret
    And the role "worker" that instances may assume
    And the role "worker" may read every secret
    And a node in "cn-hangzhou" whose instance has the role "worker"
    And the kubelet waits 4 seconds

  @VEN-03 @EXT-01
  Scenario: Half of the provider's pair is absent, and it does not start
    Given the provider is told half the key of "operator"
    When somebody tries to start the provider
    Then the provider refuses to start and names "SECRET_ACCESS_KEY is missing"
    And no call reached the cloud

  @VEN-04 @EXT-01 @DRV-07
  Scenario Outline: Half of a pod's pair is absent, and the provider's does not help out: only the <half>
    Given the provider is told the key of "operator"
    And a pod that mounts "test-secrets" and brings only the <half> of the key of "developer"
    When the pod starts
    Then the mount is refused as Unauthenticated with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the last mount made the calls none

    Examples: Absent
      | half   | named                       |
      | id     | access_secret is missing    |
      | secret | access_key is missing       |

  @VEN-03 @ACK-16 @EXT-01 @DRV-07
  Scenario Outline: Of the provider's pair, <fault>
    Given <given>
    And the provider is told the key of "operator"
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls GetSecretValue
    And the pod has no volume

    Examples: Wrong, expired, denied
      | fault                   | given                                                | code             | named                                     |
      | the key is mistyped     | the secret half of the key of "operator" is mistyped | Unauthenticated  | check ACCESS_KEY_ID and SECRET_ACCESS_KEY |
      | the key was deleted     | the access key of the user "operator" is deleted     | Unauthenticated  | check ACCESS_KEY_ID and SECRET_ACCESS_KEY |
      | the user may not read   | the user "operator" may do nothing any more          | PermissionDenied | kms:GetSecretValue                        |

  @VEN-04 @ACK-16 @EXT-01 @DRV-07
  Scenario Outline: Of a pod's pair, <fault>
    Given the provider is told the key of "operator"
    And <given>
    And a pod that mounts "test-secrets" and brings the key of "developer"
    When the pod starts
    Then the mount is refused as <code> with "default/test-secrets" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And the last mount made the calls GetSecretValue
    And the pod has no volume

    Examples: Wrong, expired, denied
      | fault                   | given                                                 | code             | named                              |
      | the key is mistyped     | the secret half of the key of "developer" is mistyped | Unauthenticated  | check access_key and access_secret |
      | the key was deleted     | the access key of the user "developer" is deleted     | Unauthenticated  | check access_key and access_secret |
      | the user may not read   | the user "developer" may do nothing any more          | PermissionDenied | kms:GetSecretValue                 |

  @VEN-03 @VEN-04 @EXT-01 @EXT-04 @DRV-07
  Scenario Outline: <trouble>, for a pod that brings <brings>
    Given the provider is told the key of "operator"
    And a pod that mounts "test-secrets" and brings <brings>
    And <trouble>
    When the pod starts
    Then the mount is refused as Unknown with "default/test-secrets", "objects[0]" and "<named>"
    And the mount is refused for good
    And the answer came before the kubelet stopped waiting
    And all work is released within 1 second
    And the last mount made the calls <calls>
    And the pod has no volume

    Examples: The provider's pair
      | trouble                | brings                 | named                                  | calls             |
      | KMS throttles          | nothing                | the account's request quota is used up | 2+ GetSecretValue |
      | KMS answers 500        | nothing                | the service is in trouble              | 5 GetSecretValue  |
      | KMS answers 503        | nothing                | the service is in trouble              | 5 GetSecretValue  |
      | KMS resets             | nothing                | could not be reached                   | 5 GetSecretValue  |
      | KMS hangs              | nothing                | did not answer in time                 | GetSecretValue    |
      | KMS hangs in the middle | nothing               | did not answer in time                 | GetSecretValue    |
      | KMS answers garbage    | nothing                | answered with something other than     | GetSecretValue    |
      | KMS cannot be reached  | nothing                | could not be reached                   | none              |

    Examples: The pod's pair
      | trouble                | brings                 | named                                  | calls             |
      | KMS throttles          | the key of "developer" | the account's request quota is used up | 2+ GetSecretValue |
      | KMS answers 503        | the key of "developer" | the service is in trouble              | 5 GetSecretValue  |
      | KMS resets             | the key of "developer" | could not be reached                   | 5 GetSecretValue  |
      | KMS hangs              | the key of "developer" | did not answer in time                 | GetSecretValue    |
      | KMS answers garbage    | the key of "developer" | answered with something other than     | GetSecretValue    |

  @VEN-03 @VEN-04 @EXT-04
  Scenario Outline: <trouble>, and then it passes, for a pod that brings <brings>
    Given the provider is told the key of "operator"
    And a pod that mounts "test-secrets" and brings <brings>
    And <trouble>
    When the pod starts
    Then the file "test" holds the value "first"
    And the secret was read by the user "<user>"
    And the last mount made the calls <calls>

    Examples:
      | trouble              | brings                 | user      | calls            |
      | KMS throttles 2 times | nothing               | operator  | 3 GetSecretValue |
      | KMS answers 503 once | nothing                | operator  | 2 GetSecretValue |
      | KMS resets once      | nothing                | operator  | 2 GetSecretValue |
      | KMS throttles 2 times | the key of "developer" | developer | 3 GetSecretValue |
      | KMS resets once      | the key of "developer" | developer | 2 GetSecretValue |
