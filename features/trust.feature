Feature: The trust of a role decides, and its refusals can be acted on
  The cloud says that a token was refused, and not why. So the refusal shows all that was presented, for comparison with the trust
  policy: issuer, audience, subject, role and provider. The token itself stands nowhere.

  Background:
    Given KMS holds these secrets:
      | name   | version | value  |
      | test   | v1      | first  |
      | orders | v1      | orders |
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    And the provider is told the OIDC provider
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the role "web" that the service account "web" may assume
    And the role "web" may read the secret "test"
    And the service account "web" with the role "web"

  @ACK-11
  Scenario Outline: A trust in another <claim> refuses the provider's own token
    Given the provider is told the role "app"
    And the trust of the role "app" insists on the <claim> "<wanted>"
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "https://oidc-ack-cn-hangzhou.oss-cn-hangzhou.aliyuncs.com/c1f2e3d4c5b6a7988", "sts.aliyuncs.com", "system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud", "role/app" and "oidc-provider/ack-rrsa-c1f2e3d4c5b6a7988"
    And the refusal does not name "<wanted>"
    And the last mount made exactly these calls:
      | call               | times |
      | AssumeRoleWithOIDC | 1     |
    And the pod has no volume

    Examples:
      | claim    | wanted                                        |
      | oidc:iss | https://elsewhere.example/c2                  |
      | oidc:aud | vault                                         |
      | oidc:sub | system:serviceaccount:secrets:csi-secrets     |

  @ACK-11 @VEN-01
  Scenario Outline: A trust in another <claim> refuses the token of a pod
    Given the SecretProviderClass "test-secrets" asks for the identity of pods
    And the trust of the role "web" insists on the <claim> "<wanted>"
    When a pod of the service account "web" mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "c1f2e3d4c5b6a7988", "sts.aliyuncs.com", "system:serviceaccount:default:web", "role/web" and "oidc-provider/ack-rrsa-c1f2e3d4c5b6a7988"
    And the refusal does not name "<wanted>"

    Examples:
      | claim    | wanted                             |
      | oidc:iss | https://elsewhere.example/c2       |
      | oidc:aud | vault                              |
      | oidc:sub | system:serviceaccount:default:shop |

  @ACK-11
  Scenario Outline: An OIDC provider of another <what> refuses the token
    Given the provider is told the role "app"
    And the account trusts <other>
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "<reason>", "system:serviceaccount:kube-system:csi-secrets-store-provider-alibabacloud", "role/app" and "oidc-provider/ack-rrsa-c1f2e3d4c5b6a7988"

    Examples:
      | what     | other                                     | code            | reason                                          |
      | issuer   | the issuer "https://elsewhere.example/c2" | Unauthenticated | AuthenticationFail.OIDCToken.IssuerNotMatch     |
      | audience | tokens for the audience "vault"           | Unauthenticated | AuthenticationFail.OIDCToken.AudienceNotMatch   |

  @ACK-12 @cluster
  Scenario: Installed in another namespace, the provider is refused until the trust names it
    Given the provider is told the role "app"
    And the provider is installed in the namespace "secrets"
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "system:serviceaccount:secrets:csi-secrets-store-provider-alibabacloud"

  @ACK-10
  Scenario: A token of the provider's own that has expired is refused by name
    Given the provider is told the role "app"
    And the provider's own token has expired
    When a pod mounts "test-secrets"
    Then the mount is refused as Unauthenticated with "AuthenticationFail.OIDCToken.Expired"

  @ACK-14
  Scenario: A role that does not trust the account cannot be assumed with a key pair
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "closed" that only strangers may assume
    And the provider is not told the OIDC provider
    And the provider is told the key of "operator" and the role "closed"
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "role/closed" and "NoPermission"
    And the last mount made exactly these calls:
      | call       | times |
      | AssumeRole | 1     |

  @ACK-16 @cluster
  Scenario: A role that may not read is refused with the action and the resource
    Given the provider is told the role "app"
    And the role "app" may do nothing any more
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "default/test-secrets", "objects[0]", "kms:GetSecretValue" and "secret/test"

  @ACK-16
  Scenario: A secret under a customer's own key needs the right to decrypt
    Given the provider is told the role "app"
    And the key "key-orders" encrypts the secret "test"
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied with "objects[0]", "kms:Decrypt" and "secret/test"

  @ACK-16
  Scenario: A secret under a customer's own key is read by who may decrypt
    Given the provider is told the role "app"
    And the key "key-orders" encrypts the secret "test"
    And the role "app" may decrypt with the key "key-orders"
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

  @ACK-18 @cluster
  Scenario: Pods of two service accounts read what their own roles may, and nothing else
    Given the role "orders" that the service account "orders" may assume
    And the role "orders" may read the secret "orders"
    And the service account "orders" with the role "orders"
    And the SecretProviderClass "test-secrets" asks for the identity of pods
    And the SecretProviderClass "order-secrets" with the objects `- objectName: orders`
    And the SecretProviderClass "order-secrets" asks for the identity of pods
    And a pod of the service account "web" has mounted "test-secrets"
    And a pod of the service account "orders" has mounted "order-secrets"
    When a pod of the service account "web" mounts "order-secrets"
    Then the mount is refused as PermissionDenied with "objects[0]", "kms:GetSecretValue" and "secret/orders"
    And the pod has no volume

  @VEN-06
  Scenario Outline: A role of another account is assumed by whoever reads otherwise: <base>
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "app" may assume every role
    And the role "web" may assume every role
    And the role "partner" of the other account that the account may assume
    And the role "partner" of the other account may read every secret
    And the KMS of the other account holds the secret "shared" with the value "theirs"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/partner"}]`
    And <base>
    And a pod that mounts "test-secrets" and brings <brings>
    When the pod starts
    Then the file "shared" holds the value "theirs"
    And the secret was read by the role "partner" of the other account in the session "csi-secrets-store-cross-account"

    Examples:
      | base                                                                           | brings                    |
      | the provider is told the role "app"                                            | nothing                   |
      | the provider is told the key of "operator"                                     | nothing                   |
      | the SecretProviderClass "test-secrets" asks for the identity of pods           | the service account "web" |

  @VEN-06
  Scenario Outline: A role of another account that <reason> fails the mount
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "partner" of the other account that <who>
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/<named>"}]`
    And the provider is told the key of "operator"
    When a pod mounts "test-secrets"
    Then the mount is refused as <code> with "objects[0]", "failed to assume cross account role acs:ram::6543210987654321:role/<named>"
    And the cloud saw exactly 0 calls of "GetSecretValue"

    Examples:
      | reason                | who                                                  | named   | code             |
      | trusts only strangers | only strangers may assume                            | partner | PermissionDenied |
      | wants an external id  | the account may assume with the external id "team-a" | partner | PermissionDenied |
      | does not exist        | the account may assume                               | nobody  | NotFound         |

  @VEN-06
  Scenario: A role that wants an external id is given the operator's
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "partner" of the other account that the account may assume with the external id "team-a"
    And the role "partner" of the other account may read every secret
    And the KMS of the other account holds the secret "shared" with the value "theirs"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: shared, crossAccountRoleArn: "acs:ram::6543210987654321:role/partner"}]`
    And the provider is told the key of "operator" and the external id "team-a"
    When a pod mounts "test-secrets"
    Then the file "shared" holds the value "theirs"
