Feature: A file has the bytes, the mode and the presence that the class asks for
  Binary secrets are decoded. A class can have texts decoded as well, can keep a file to its owner, and can name secrets that a pod
  starts without.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name  | version | value |
      | test  | v1      | first |
      | other | v1      | other |

  @VEN-09 @cluster
  Scenario: A binary secret arrives byte for byte
    Given KMS holds the binary secret "key.der" with the bytes "key"
    And the SecretProviderClass "test-secrets" with the objects `- objectName: key.der`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file    | value | mode |
      | key.der | key   | 0644 |

  @EXT-08
  Scenario Outline: A text that is written as <form> becomes the bytes that it stands for
    Given KMS holds the secret "key" with the bytes "key" written as <form>
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: key, objectEncoding: <encoding>}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | key  | key   | 0644 |

    Examples:
      | form                    | encoding |
      | base64                  | base64   |
      | base64-with-line-breaks | base64   |
      | hex                     | hex      |
      | HEX                     | hex      |

  @EXT-08
  Scenario Outline: A text with the encoding <encoding> stays as it is
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, objectEncoding: <encoding>}]`
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | encoding |
      | utf-8    |
      | UTF-8    |
      | ~        |

  @EXT-08
  Scenario: An extracted value is decoded after it is extracted
    Given KMS holds the JSON secret "app" `{"user": "alice", "port": 6162}`
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: user}, {path: port, objectEncoding: hex}]}]`
    When a pod mounts "test-secrets"
    Then the file "app" holds the value "app"
    And the file "user" holds the value "alice"
    And the file port holds the text `ab`

  @EXT-08 @DRV-08 @ACK-40
  Scenario Outline: A text that is no <encoding> keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: other}, {objectName: test, objectEncoding: <encoding>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as FailedPrecondition
    And the refusal names "objects[1]", "test", "objectEncoding" and "<encoding>"
    And no secret stands in the provider's log, in the refusal or in the cloud's records
    And the pod has no volume

    Examples:
      | encoding |
      | base64   |
      | hex      |

  @EXT-08 @DRV-04
  Scenario Outline: A file can have a mode of its own, written as <permission>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, filePermission: <permission>}, {objectName: other}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file  | value | mode   |
      | test  | first | <mode> |
      | other | other | 0644   |

    Examples:
      | permission | mode |
      | "0400"     | 0400 |
      | 0400       | 0400 |
      | 400        | 0400 |
      | 0o640      | 0640 |
      | "0777"     | 0777 |
      | ~          | 0644 |

  @EXT-08 @DRV-04
  Scenario: What is extracted has its own mode, or that of the whole
    Given KMS holds the JSON secret "app" `{"user": "alice", "password": "hidden"}`
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app, filePermission: 0440, jmesPath: [{path: user}, {path: password, filePermission: 0400}]}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file     | value  | mode |
      | app      | app    | 0440 |
      | user     | alice  | 0440 |
      | password | hidden | 0400 |

  @EXT-09
  Scenario Outline: An optional <kind> that does not exist leaves its files out
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: absent, optional: true, <fields>}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |

    Examples:
      | kind                     | fields                                |
      | secret                   | objectType: kms                       |
      | parameter                | objectType: oos                       |
      | secret with values in it | jmesPath: [{path: user}, {path: pass}] |

  @EXT-09
  Scenario: An optional secret that exists is a file like any other
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, optional: true}, {objectName: other, optional: false}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file  | value | mode |
      | test  | first | 0644 |
      | other | other | 0644 |

  @EXT-09
  Scenario: An optional secret comes and goes with a running pod
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: late, optional: true}]`
    And a pod has mounted "test-secrets"
    And KMS holds the secret "late" with the value "late"
    When the kubelet asks for the volume again
    Then the volume holds exactly these files:
      | file | value | mode |
      | test | first | 0644 |
      | late | late  | 0644 |

  @EXT-09
  Scenario: A class of which nothing exists keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: absent, optional: true}, {objectName: missing, objectType: oos, optional: true}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "default/test-secrets", "none of the secrets" and "empty"
    And the pod has no volume

  @EXT-09 @DRV-08
  Scenario: Without optional, a secret that does not exist keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: absent, optional: false}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as NotFound
    And the refusal names "objects[1]" and "absent"

  @EXT-09
  Scenario: Optional does not excuse a secret that is planned for deletion
    Given the secret "other" is planned for deletion
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: other, optional: true}]`
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names "objects[1]", "other" and "Rejected.ResourceInDeleteWindow"

  @EXT-09
  Scenario: Optional does not excuse a secret that may not be read
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: "acs:kms:cn-hangzhou:6543210987654321:secret/a", optional: true}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied
    And the refusal names "objects[1]" and "kms:GetSecretValue"

  @EXT-09 @VEN-10
  Scenario: Optional does not excuse a value that is not in its secret
    Given KMS holds the JSON secret "app" `{"user": "alice"}`
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: app, optional: true, jmesPath: [{path: password}]}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as FailedPrecondition
    And the refusal names "objects[1]", "app", "password" and "finds nothing"

  @EXT-09 @DRV-07
  Scenario: Optional does not excuse a cloud in trouble
    Given a cloud in trouble, which answers with an error page
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test, optional: true}]`
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names "objects[0]" and "HTTP 502"

  @DRV-11
  Scenario: Files that add up to more than the driver takes are refused before they are sent
    Given KMS holds the secret "large" with a value "large" of 30000 bytes
    And the SecretProviderClass "test-secrets" with 140 objects of the secret "large"
    When a pod mounts "test-secrets"
    Then the mount is refused as FailedPrecondition
    And the refusal names "default/test-secrets", "4194304", "bytes" and "several classes"
    And the pod has no volume
    And a good class still mounts

  @DRV-06
  Scenario Outline: A pod with the kubelet's tokens <place> is served like one without
    Given the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    When a pod mounts "test-secrets" with the kubelet's tokens <place>
    Then the file "test" holds the value "first"
    And no secret stands in the provider's log, in the refusal or in the cloud's records

    Examples:
      | place                   |
      | in its attributes       |
      | among its secrets       |
      | among its secrets alone |

  @DRV-06
  Scenario: A pod without tokens and keys is served
    Given the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

  @ACK-40
  Scenario: A pod cannot have its secrets to write to
    Given the SecretProviderClass "test-secrets" with the objects `- objectName: test`
    When a pod mounts "test-secrets" without readOnly
    Then the refusal names "Readonly is not true in request"
    And the pod has no volume

  @ACK-40
  Scenario: A secret that was mounted stands nowhere but in the volume
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: other}]`
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And no secret stands in the provider's log, in the refusal or in the cloud's records
