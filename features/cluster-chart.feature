@only-cluster
Feature: The chart brings the provider into a cluster
  Under any name, in any namespace, with the values that operators have already. The whole way is judged: chart, kubelet, driver,
  provider, and what pods then see.

  Background:
    Given KMS holds the secret "test" with the value "first"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: test`

  @ACK-05
  Scenario: The worked example of the product page
    Given the provider has an access key of the account
    And the chart's example "product-page"
    When the example is applied
    Then each of the 2 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |

  @ACK-06 @ACK-12
  Scenario Outline: As the release <release> in the namespace <namespace>, the provider is the same service account
    Given the chart's release "<release>" in the namespace "<namespace>"
    And the role "app" that the provider's service account may assume
    And the role "app" may read every secret
    And the trust of the role "app" insists on the oidc:sub "system:serviceaccount:<namespace>:csi-secrets-store-provider-alibabacloud"
    And the provider is told the role "app" and the OIDC provider
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app"

    Examples:
      | release                                 | namespace           |
      | csi-secrets-store-provider-alibabacloud | kube-system         |
      | vault                                   | kube-system         |
      | secrets                                 | conformance-secrets |

  @ACK-17
  Scenario: Credentials of a Secret may end with a line break
    Given the user "operator" with an access key
    And the user "operator" may assume every role
    And the role "app" that the account may assume
    And the role "app" may read every secret
    And the provider is told the key of "operator", the role "app", the session name "shop" and the session seconds "1200"
    And all that the provider is told ends with a line break, as echo leaves it
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the secret was read by the role "app" in the session "shop"
    And the session was asked to last 1200 seconds

  @VEN-14
  Scenario Outline: The values <file> are taken as they are
    Given the chart's values "<file>"
    And the provider has an access key of the account
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | file                            |
      | ci/vendor-defaults-values.yaml  |
      | ci/sync-values.yaml             |
      | ci/rotation-values.yaml         |

  @VEN-14
  Scenario: Where the cluster has no driver, the chart brings it
    Given a cluster without a driver of its own
    And the provider has an access key of the account
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the chart's release has brought the driver that the chart names

  @VEN-14
  Scenario: Told not to, the chart brings no driver
    Given the chart is told to bring no driver
    And the provider has an access key of the account
    When the chart is installed
    Then the chart's release has brought no driver

  @ACK-06
  Scenario: The chart's own test passes when a secret can be mounted
    Given the provider has an access key of the account
    And the chart's own test reads the secret "test"
    When the chart's own test is run
    Then the chart's own test passes

  @ACK-06 @VEN-16
  Scenario: The chart's own test fails with the sentence that an operator needs
    Given the provider has an access key of the account
    And the chart's own test reads the secret "nowhere"
    When the chart's own test is run
    Then the chart's own test fails and names "nowhere" and "Forbidden.ResourceNotFound"
