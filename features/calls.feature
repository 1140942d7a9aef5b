Feature: The cloud is asked once for all who want the same, and nobody waits for somebody else's trouble
  Pods that come at the same moment share one session and one call per object. What a pod was given may be remembered for its
  republishes, never for a first mount. A pod that hangs holds up nobody, and who goes away takes his calls with him.

  Background:
    Given KMS holds these secrets:
      | name | version | value  |
      | test | v1      | first  |
      | more | v1      | more   |
      | slow | v1      | slow   |
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: more}]`
    And the SecretProviderClass "slow-secrets" with the objects `- objectName: slow`
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the provider is told the role "app" and the OIDC provider

  @EXT-02 @DRV-09
  Scenario: Sixty pods that start at once cost one session and one call per object
    Given KMS waits until all pods are there
    When 60 pods mount "test-secrets" at once
    Then each of these pods has the file "test" with the value "first"
    And each of these pods has the file "more" with the value "more"
    And the last mount made the calls AssumeRoleWithOIDC, 2 GetSecretValue

  @EXT-02 @VEN-01
  Scenario: Sixty pods of one service account cost one look at it, one session and one call per object
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And KMS waits until all pods are there
    When 60 pods of the service account "web" mount "test-secrets" at once
    Then each of these pods has the file "test" with the value "first"
    And the last mount made the calls get serviceaccounts, AssumeRoleWithOIDC, 2 GetSecretValue

  @EXT-03
  Scenario: A republish is served from memory while the rotation interval lets it
    Given a change must reach every pod within 10 minutes
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When the kubelet asks for the volume again
    Then the file "test" holds the value "first"
    And the last mount made the calls none

  @EXT-03
  Scenario: A first mount reads afresh, whatever is remembered, and its pod's republish knows that
    Given a change must reach every pod within 10 minutes
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "second"
    And the last mount made the calls 2 GetSecretValue
    And another look at the pod finds the value "second" in the file "test" and makes the calls none

  @EXT-03
  Scenario: Where every look must be fresh, a republish asks
    Given a change must reach every pod within 1 minute
    And a pod has mounted "test-secrets"
    And the secret "test" gets the version "v2" with the value "second"
    When the kubelet asks for the volume again
    Then the file "test" holds the value "second"
    And the last mount made the calls 2 GetSecretValue

  @EXT-03 @ACK-18
  Scenario: What one identity was given is remembered for no other
    Given a change must reach every pod within 10 minutes
    And the user "developer" with an access key
    And the operator prefers the keys of pods
    And a pod has mounted "test-secrets"
    And a pod that mounts "test-secrets" and brings the key of "developer"
    When the pod starts
    Then the mount is refused as PermissionDenied with "default/test-secrets" and "kms:GetSecretValue"

  @EXT-03 @ACK-18
  Scenario: A running pod that is given another key is served as that key's owner, and not from memory
    Given a change must reach every pod within 10 minutes
    And the user "developer" with an access key
    And the user "developer" may read every secret
    And the user "newcomer" with an access key
    And the operator prefers the keys of pods
    And a pod that mounts "test-secrets" and brings the key of "developer"
    And the pod has started
    And the Secret of the pod now holds the key of "newcomer"
    When the kubelet asks for the volume again
    Then the mount is refused as PermissionDenied with "default/test-secrets" and "kms:GetSecretValue"

  @EXT-04
  Scenario Outline: What stays is not asked for again: <fault>
    Given <fault>
    When a pod mounts "slow-secrets"
    Then the mount is refused as <code> with "objects[0]" and "<named>"
    And the last mount made the calls AssumeRoleWithOIDC, GetSecretValue

    Examples:
      | fault                                  | code             | named                    |
      | the role "app" may do nothing any more | PermissionDenied | kms:GetSecretValue       |
      | the secret "slow" is deleted           | NotFound         | check that a secret      |
      | KMS refuses                            | PermissionDenied | Forbidden.NoPermission   |

  @DRV-09
  Scenario: A pod whose secret does not come holds up no other
    Given reading the secret "slow" hangs
    And a pod that waits for the secrets of "slow-secrets"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And 1 pod still waits
    And all pods that wait have the file "slow" with the value "slow" once all is well

  @DRV-10
  Scenario: Who goes away takes his call with him
    Given reading the secret "slow" hangs
    And a pod that waits for the secrets of "slow-secrets"
    When the kubelet gives up on the first pod that waits
    Then all work is released within 1 second
    And the cloud saw exactly 1 call of "GetSecretValue"

  @DRV-10 @EXT-02
  Scenario: Who had joined the call of somebody who goes away is served all the same
    Given reading the secret "slow" hangs
    And a pod that waits for the secrets of "slow-secrets"
    And a pod that waits for the secrets of "slow-secrets"
    When the kubelet gives up on the first pod that waits
    Then 1 pod still waits
    And all pods that wait have the file "slow" with the value "slow" once all is well
    And the cloud saw exactly 2 calls of "GetSecretValue"

  @DRV-10 @EXT-02
  Scenario: Who joined a call and goes away does not stop it for the others
    Given reading the secret "slow" hangs
    And a pod that waits for the secrets of "slow-secrets"
    And a pod that waits for the secrets of "slow-secrets"
    When the kubelet gives up on the last pod that waits
    Then 1 pod still waits
    And all pods that wait have the file "slow" with the value "slow" once all is well
    And the cloud saw exactly 1 call of "GetSecretValue"

  @VEN-12
  Scenario: The vendor's flags are taken
    Given the provider is started with `--healthz-path=/alive --healthz-timeout=2s`
    And the provider is started with `--max-concurrent-kms-secret-pulls=3 --max-concurrent-oos-secret-pulls=3`
    When the provider starts
    Then the page "/alive" answers 200
    And the page "/healthz" answers 404

  @VEN-12
  Scenario: The flag --max-concurrent-kms-secret-pulls bounds how many calls are under way
    Given the provider is started with `--max-concurrent-kms-secret-pulls=1`
    And KMS answers after 200 ms
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: more}, {objectName: slow}]`
    When a pod mounts "test-secrets"
    Then the file "slow" holds the value "slow"
    And the answer took at least 600 ms
