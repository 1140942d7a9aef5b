Feature: Sessions are opened once, named for the audit log, and replaced in time
  A role is read with by a session. Its name and life are the operator's; all mounts of an identity share it; one that the cloud no
  longer takes is replaced exactly once. Settings may be files, so that keys rotate without a restart.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "app" that the provider's service account and the account may assume
    And the role "app" may read every secret
    And the provider is told the role "app"

  @ACK-15
  Scenario Outline: Name and life of a session are the operator's, with <with>
    Given the provider is told <with>, the session name "billing-nodes" and the session seconds "1800"
    When a pod mounts "test-secrets"
    Then the secret was read by the role "app" in the session "billing-nodes"
    And the session was asked to last 1800 seconds

    Examples:
      | with                  |
      | the OIDC provider     |
      | the key of "operator" |

  @ACK-15
  Scenario: Without a wish the session has the vendor's name and the cloud's life
    Given the provider is told the OIDC provider
    When a pod mounts "test-secrets"
    Then the secret was read by the role "app" in the session "csi-secrets-store-provider-alibaba"
    And the session was asked to last as long as the cloud likes

  @ACK-15 @VEN-01
  Scenario: The session of a pod's identity can carry the pod's service account
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the OIDC provider and the session name "{namespace}.{serviceAccount}"
    When a pod of the service account "web" mounts "test-secrets"
    Then the secret was read by the role "web" in the session "default.web"

  @ACK-15
  Scenario Outline: A session <what> that the cloud would not take is refused at the start
    Given the provider is told the OIDC provider and the session <what> "<value>"
    When somebody tries to start the provider
    Then the provider refuses to start and names "<variable>" and "<bounds>"

    Examples:
      | what    | value    | variable                         | bounds        |
      | name    | a        | ALICLOUD_ROLE_SESSION_NAME       | 2 to 64       |
      | name    | my name  | ALICLOUD_ROLE_SESSION_NAME       | 2 to 64       |
      | name    | {pod}-x  | ALICLOUD_ROLE_SESSION_NAME       | {namespace}   |
      | seconds | 899      | ALICLOUD_ROLE_SESSION_EXPIRATION | 900 to 43200  |
      | seconds | 43201    | ALICLOUD_ROLE_SESSION_EXPIRATION | 900 to 43200  |
      | seconds | an hour  | ALICLOUD_ROLE_SESSION_EXPIRATION | 900 to 43200  |

  @EXT-02
  Scenario Outline: The next pod of the same identity opens no session, with <with>
    Given the provider is told <with>
    And a pod has mounted "test-secrets"
    When a pod mounts "test-secrets"
    Then the last mount made exactly these calls:
      | call           | times |
      | GetSecretValue | 1     |

    Examples:
      | with                  |
      | the OIDC provider     |
      | the key of "operator" |

  @EXT-02 @VEN-01
  Scenario: The next pod of the same service account asks neither Kubernetes nor the token service
    Given the role "web" that the service account "web" may assume
    And the role "web" may read every secret
    And the service account "web" with the role "web"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the provider is told the OIDC provider
    And a pod of the service account "web" has mounted "test-secrets"
    When a pod of the service account "web" mounts "test-secrets"
    Then the last mount made exactly these calls:
      | call           | times |
      | GetSecretValue | 1     |

  @EXT-02
  Scenario Outline: A session that the cloud no longer takes is replaced once, with <with>
    Given the provider is told <with>
    And a pod has mounted "test-secrets"
    And KMS <refusal> once
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the last mount made exactly these calls:
      | call           | times |
      | <opening>      | 1     |
      | GetSecretValue | 2     |

    Examples:
      | with                  | refusal                    | opening            |
      | the OIDC provider     | no longer takes the session | AssumeRoleWithOIDC |
      | the OIDC provider     | no longer knows the key    | AssumeRoleWithOIDC |
      | the key of "operator" | no longer takes the session | AssumeRole         |

  @EXT-02
  Scenario: A session that is refused again is not replaced again
    Given the provider is told the OIDC provider
    And a pod has mounted "test-secrets"
    And KMS no longer takes the session
    When a pod mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "InvalidSecurityToken.Expired"
    And the last mount made exactly these calls:
      | call               | times |
      | AssumeRoleWithOIDC | 1     |
      | GetSecretValue     | 2     |

  @EXT-02
  Scenario: A key pair that is refused is not tried again
    Given the user "developer" with an access key
    And the user "developer" may read every secret
    And a pod that mounts "test-secrets" and brings the key of "developer"
    And the operator prefers the keys of pods
    And the provider is told the key of "operator"
    And KMS no longer knows the key
    When the pod starts
    Then the mount is refused as Unauthenticated with "InvalidAccessKeyId.NotFound" and "nodePublishSecretRef"
    And the last mount made exactly these calls:
      | call           | times |
      | GetSecretValue | 1     |

  @VEN-03
  Scenario: A key pair in files rotates without a restart
    Given the user "successor" with an access key
    And the user "successor" may assume every role
    And the provider is told the key of "operator"
    And the provider reads what it is told from files
    And a pod has mounted "test-secrets"
    And the access key of the user "operator" is deleted
    And the files now hold the key of "successor"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the last mount made exactly these calls:
      | call           | times |
      | AssumeRole     | 1     |
      | GetSecretValue | 1     |
