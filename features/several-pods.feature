Feature: Several pods and several classes
  Pods of one node share a provider and nothing else: each gets what its own classes name, and the failure of one is not felt by
  the others.

  Background:
    Given the provider has an access key of the account
    And a driver that looks for changes every 120 seconds
    And KMS holds these secrets:
      | name  | version | value |
      | one   | v1      | one   |
      | two   | v1      | two   |
    And the SecretProviderClass "first" with the objects and secretObjects:
      """
      objects: [{objectName: one}]
      secretObjects: [{secretName: from-first, type: Opaque, data: [{objectName: one, key: k}]}]
      """
    And the SecretProviderClass "second" with the objects and secretObjects:
      """
      objects: [{objectName: two}]
      secretObjects: [{secretName: from-second, type: Opaque, data: [{objectName: two, key: k}]}]
      """

  @ACK-01
  Scenario: A pod mounts two classes into two volumes
    When the pod "web-0" starts with "first" and "second"
    Then the pod "web-0" reads the value "one" in "one"
    And the pod "web-0" reads the value "two" in "two" of its volume "second"
    And the status of the pod "web-0" for "first" stores these object versions:
      | id  | version |
      | one | v1      |
    And the status of the pod "web-0" for "second" stores these object versions:
      | id  | version |
      | two | v1      |

  @VEN-15 @ACK-02
  Scenario: Several classes become several Secrets
    Given a driver that may write Secrets
    And the pod "web-0" with "first"
    When the pod "web-1" starts with "second"
    Then the Secret "from-first" of type "Opaque" holds:
      | key | value |
      | k   | one   |
    And the Secret "from-second" of type "Opaque" holds:
      | key | value |
      | k   | two   |

  @ACK-01 @VEN-16
  Scenario: A pod waits for all of its classes
    Given the secret "two" is deleted
    When the pod "web-0" starts with "first" and "second"
    Then the pod "web-0" waits for its volume
    And the events of the pod "web-0" tell a Warning "FailedMount" of "second", "code = NotFound" and "default/second"

  @DRV-08 @DRV-15
  Scenario: A pod whose secret has gone does not keep another from its rotation
    Given the pod "web-0" with "first"
    And the pod "web-1" with "second"
    And the secret "one" is deleted
    And the secret "two" gets the version "v2" with the value "newer"
    When 5 minutes pass
    Then the pod "web-0" reads the value "one" in "one"
    And the pod "web-1" reads the value "newer" in "two"

  @ACK-03
  Scenario: All pods of a class see the same change
    Given the pod "web-0" with "first"
    And the pod "web-1" with "first"
    And the secret "one" gets the version "v2" with the value "newer"
    When 5 minutes pass
    Then the pod "web-0" reads the value "newer" in "one"
    And the pod "web-1" reads the value "newer" in "one"
