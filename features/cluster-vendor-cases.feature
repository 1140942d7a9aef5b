@only-cluster @VEN-17
Feature: The vendor's end-to-end cases, with the chart's own examples
  What operators apply lies in the chart's examples: values, credentials, policies, manifests. Each case applies one as it lies there.
  Only made-up keys, ids and images have their counterparts here.

  Background:
    Given KMS holds these secrets:
      | name    | version | value  |
      | test    | v1      | first  |
      | rotated | v1      | before |
      | synced  | v1      | synced |
    And KMS holds the JSON secret "database" `{"username": "alice", "password": "password", "endpoint": {"host": "db", "port": 5432}}`

  @VEN-01
  Scenario: TC-001, a pod's own service account
    Given the chart's example "pod-service-account" with its values
    And the role "reader" has trust and policy of the example
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the role "reader"
    And the metadata service was never asked

  @ACK-10 @VEN-02
  Scenario: TC-002, the provider's service account
    Given the chart's example "rrsa" with its values
    And the role "provider" has trust and policy of the example
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the role "provider"

  @ACK-14
  Scenario: TC-003, a key pair that assumes a role
    Given the chart's example "ram-role" with its values
    And the role "provider" has trust and policy of the example
    And the user "operator" with an access key
    And the user "operator" has the policy "user-policy.json" of the example
    And the key in the example is that of "operator"
    And the credentials of the example are applied
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the role "provider"

  @VEN-04
  Scenario: TC-004, a pod's own key pair
    Given the chart's example "node-publish-secret" with its values
    And the user "developer" with an access key
    And the user "developer" has the policy "policy.json" of the example
    And the key in the example is that of "developer"
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the user "developer"

  @VEN-03
  Scenario: TC-005, a key pair that reads by itself
    Given the chart's example "access-key" with its values
    And the user "operator" with an access key
    And the user "operator" has the policy "policy.json" of the example
    And the key in the example is that of "operator"
    And the credentials of the example are applied
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the user "operator"

  @VEN-06
  Scenario: TC-006, a secret of another account
    Given the chart's example "cross-account" with its values
    And the KMS of the other account holds the secret "shared" with the value "shared"
    And the role "shared-reader" of the other account has trust and policy of the example
    And the user "operator" with an access key
    And the user "operator" has the policy "user-policy.json" of the example
    And the key in the example is that of "operator"
    And the credentials of the example are applied
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file   | value  | mode |
      | shared | shared | 0644 |
    And the secret was read by the role "shared-reader" of the other account

  @ACK-13
  Scenario: TC-007, the worker role of the node
    Given the chart's example "worker-role" with its values
    And the role "worker" that instances may assume
    And the role "worker" has the policy "policy.json" of the example
    And a node in "cn-hangzhou" whose instance has the role "worker"
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file | value | mode |
      | test | first | 0644 |
    And the secret was read by the role "worker"

  @ACK-28
  Scenario: TC-008, values of a JSON secret
    Given the provider has an access key of the account
    And the chart's example "jmespath"
    When the example is applied
    Then each of the 1 pods of the example sees exactly these files:
      | file       | value    | mode |
      | database   | database | 0644 |
      | myUsername | alice    | 0644 |
      | myPassword | password | 0440 |
      | port       | `5432`   | 0644 |

  @ACK-03
  Scenario: TC-009, rotation
    Given the provider has an access key of the account
    And a driver that looks for changes every 120 seconds
    And the chart's example "rotation"
    And the example is applied
    And each of the 1 pods of the example sees exactly these files:
      | file    | value  | mode |
      | rotated | before | 0644 |
    And the secret "rotated" gets the version "v2" with the value "after"
    When 2 minutes pass
    Then each of the 1 pods of the example sees exactly these files:
      | file    | value | mode |
      | rotated | after | 0644 |

  @ACK-02 @VEN-15
  Scenario: TC-010, synchronization
    Given the provider has an access key of the account
    And a driver that may write Secrets
    And the chart's example "sync"
    When the example is applied
    Then the Secret "synced" of type "Opaque" holds:
      | key   | value  |
      | value | synced |
    And each of the 1 pods of the example sees exactly these files:
      | file   | value  | mode |
      | synced | synced | 0644 |

  @VEN-15
  Scenario: TC-011, clean-up
    Given the provider has an access key of the account
    And a driver that may write Secrets
    And the chart's example "sync"
    And the example is applied
    And the Secret "synced" of type "Opaque" holds:
      | key   | value  |
      | value | synced |
    And 5 seconds have passed
    And the pods of the example are deleted with their Deployment
    When 2 minutes pass
    Then there is no Secret "synced"
