Feature: Mounted secrets become Kubernetes Secrets
  A class can ask for Secrets made of its files. They exist once a pod has mounted the class, follow its rotation, and go with the
  last pod or workload that uses them. Without the role for Secrets, which a cluster's administrator turns on, none is written.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name     | version | value    |
      | user     | v1      | user     |
      | password | v1      | password |
    And the SecretProviderClass "db" with the objects and secretObjects:
      """
      objects: [{objectName: user}, {objectName: password}]
      secretObjects:
      - secretName: db-login
        type: kubernetes.io/basic-auth
        data:
        - {objectName: user, key: username}
        - {objectName: password, key: password}
      """

  @ACK-02 @cluster
  Scenario: A Secret is made when the first pod mounts the class
    Given a driver that may write Secrets
    When the pod "web-0" starts with "db"
    Then the Secret "db-login" of type "kubernetes.io/basic-auth" holds:
      | key      | value    |
      | username | user     |
      | password | password |
    And the pod "web-0" has no events

  @ACK-02
  Scenario: Without the role nothing is written, the pod runs, and its description says so
    When the pod "web-0" starts with "db"
    Then there are no Secrets
    And the pod "web-0" reads the value "user" in "user"
    And the events of the pod "web-0" tell a Warning "FailedToCreateSecret" of "timed out waiting for the condition"

  @ACK-02 @VEN-15 @ACK-03 @DRV-03 @cluster
  Scenario: A Secret follows a rotation at once
    Given a driver that may write Secrets
    And a driver that looks for changes every 120 seconds
    And the pod "web-0" with "db"
    And 151 seconds have passed
    And the secret "password" gets the version "v2" with the value "changed"
    When 90 seconds pass
    Then the Secret "db-login" of type "kubernetes.io/basic-auth" holds:
      | key      | value   |
      | username | user    |
      | password | changed |

  @VEN-15 @cluster
  Scenario: What somebody edits by hand is overwritten
    Given a driver that may write Secrets
    And the pod "web-0" with "db"
    And somebody edits the Secret "db-login", key "password"
    When 5 minutes pass
    Then the Secret "db-login" of type "kubernetes.io/basic-auth" holds:
      | key      | value    |
      | username | user     |
      | password | password |

  @VEN-15
  Scenario: A Secret belongs to the workloads of its pods
    Given a driver that may write Secrets
    And the pod "web-0" of the ReplicaSet "web-7d9" with "db"
    And the pod "web-1" of the ReplicaSet "web-7d9" with "db"
    And the pod "job-0" with "db"
    When 5 seconds pass
    Then the Secret "db-login" belongs to:
      | kind                         | name             |
      | ReplicaSet                   | web-7d9          |
      | SecretProviderClassPodStatus | job-0-default-db |

  @VEN-15 @cluster
  Scenario: A Secret stays while an owner is left
    Given a driver that may write Secrets
    And the pod "web-0" with "db"
    And the pod "web-1" with "db"
    And 5 seconds have passed
    When the pod "web-0" is deleted
    Then there is no status of the pod "web-0" for "db"
    And the Secret "db-login" of type "kubernetes.io/basic-auth" holds:
      | key      | value    |
      | username | user     |
      | password | password |

  @VEN-15 @cluster
  Scenario: A Secret goes with its last owner
    Given a driver that may write Secrets
    And the pod "web-0" with "db"
    And 5 seconds have passed
    When the pod "web-0" is deleted
    Then there is no Secret "db-login"

  @VEN-15
  Scenario: A Secret of a workload outlives its pods and goes with the workload
    Given a driver that may write Secrets
    And the pod "web-0" of the ReplicaSet "web-7d9" with "db"
    And 5 seconds have passed
    And the pod "web-0" is deleted
    When the ReplicaSet "web-7d9" is deleted
    Then there is no Secret "db-login"

  @VEN-15 @cluster
  Scenario: A Secret cannot be made of a file that the class does not mount
    Given a driver that may write Secrets
    And the SecretProviderClass "odd" with the objects and secretObjects:
      """
      objects: [{objectName: user}]
      secretObjects:
      - {secretName: wrong, type: Opaque, data: [{objectName: passwort, key: password}]}
      - {secretName: right, type: Opaque, data: [{objectName: user, key: name}]}
      """
    When the pod "web-0" starts with "odd"
    Then there is no Secret "wrong"
    And the Secret "right" of type "Opaque" holds:
      | key  | value |
      | name | user  |
    And the events of the pod "web-0" tell a Warning "FailedToCreateSecret" of "failed to get data in spc default/odd for secret wrong" and "file matching objectName passwort not found in the pod"

  @VEN-15 @ACK-28 @cluster
  Scenario: A Secret can be made of extracted values and of files in folders
    Given a driver that may write Secrets
    And KMS holds the JSON secret "app/config" `{"user": "alice"}`
    And the SecretProviderClass "parts" with the objects and secretObjects:
      """
      objects: [{objectName: app/config, jmesPath: [{path: user, objectAlias: name}]}]
      secretObjects: [{secretName: parts, type: Opaque, data: [{objectName: name, key: name}]}]
      """
    When the pod "web-0" starts with "parts"
    Then the Secret "parts" of type "Opaque" holds:
      | key  | value |
      | name | alice |
