Feature: A SecretProviderClass says what is mounted
  The class names the provider and, in its parameter `objects`, lists the secrets: a text that holds a YAML list. What is written
  there is either understood as documented or refused with the place, the finding and the expectation.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name        | version | value    |
      | test        | v1      | first    |
      | db/password | v1      | password |

  @ACK-04
  Scenario Outline: The class may be written as <version>
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/<version>
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          objects: |
            - objectName: "test"
      """
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | version  |
      | v1       |
      | v1alpha1 |

  @ACK-04
  Scenario Outline: A class for the provider "<provider>" is not served
    Given the provider runs
    And the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: <provider>
        parameters:
          objects: |
            - objectName: "test"
      """
    When a pod mounts "test-secrets"
    Then the refusal names "<complaint>"
    And no call reached the cloud
    And the pod has no volume

    Examples:
      | provider | complaint                       |
      | aws      | provider not found              |
      | Alibaba  | provider not found              |
      | ""       | provider not set in default     |

  @ACK-20
  Scenario Outline: Objects may be written in any YAML style: <style>
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      <objects>
      """
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"

    Examples:
      | style                | objects                              |
      | plain                | - objectName: test                   |
      | quoted               | - "objectName": 'test'               |
      | flow                 | [{objectName: test}]                 |
      | JSON                 | [{"objectName": "test"}]             |
      | with a comment       | - objectName: test # the first       |
      | as its own document  | --- [{objectName: test}]             |

  @ACK-20
  Scenario: Missing objects are refused
    Given the SecretProviderClass "test-secrets" without objects
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects", "missing" and "YAML list"
    And no call reached the cloud
    And a good class still mounts

  @ACK-20
  Scenario Outline: Objects that are <mistake> are refused
    Given the SecretProviderClass "test-secrets" with the objects `<objects>`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects", "<found>" and "<expected>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake                | objects                          | found          | expected     |
      | empty                  |                                  | empty          | YAML list    |
      | null                   | ~                                | empty          | YAML list    |
      | an empty list          | []                               | empty          | YAML list    |
      | no YAML                | - objectName: "test              | no valid YAML  | line         |
      | cut in the middle      | [{objectName: test               | no valid YAML  | line         |
      | a mapping              | objectName: test                 | a mapping      | YAML list    |
      | a word                 | test                             | a single value | YAML list    |

  @ACK-20 @ACK-23
  Scenario Outline: An object that is <mistake> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, <object>]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[1]", "<found>" and "objectName"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake                | object                        | found          |
      | null                   | ~                             | nothing        |
      | a word                 | test                          | a single value |
      | a list                 | [objectName, test]            | a list         |
      | without a name         | {objectAlias: password}       | missing        |
      | an empty mapping       | {}                            | missing        |
      | named by nothing       | {objectName: }                | missing        |
      | named by an empty text | {objectName: ""}              | missing        |
      | named by a list        | {objectName: [db, password]}  | a list         |
      | named by a mapping     | {objectName: {db: password}}  | a mapping      |

  @ACK-25
  Scenario Outline: The file is named <file> by <rule>
    Given the SecretProviderClass "test-secrets" with the objects `[<object>]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value    | mode |
      | <file> | password | 0644 |

    Examples:
      | rule                                  | object                                            | file          |
      | the object's name                     | {objectName: db/password}                         | db_password   |
      | the object's name if the alias is ~   | {objectName: db/password, objectAlias: ~}         | db_password   |
      | its alias                             | {objectName: db/password, objectAlias: pass.txt}  | pass.txt      |
      | its alias with slashes replaced       | {objectName: db/password, objectAlias: conf/pass} | conf_pass     |
      | an alias that looks like a number     | {objectName: db/password, objectAlias: 0123}      | 0123          |

  @ACK-25
  Scenario Outline: An alias that is <mistake> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: db/password, objectAlias: <alias>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[1]", "db/password" and "<found>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake               | alias      | found                                        |
      | a list                | [password] | objectAlias: found a list, expected text     |
      | a mapping             | {a: b}     | objectAlias: found a mapping, expected text  |
      | the way out           | ..         | ..                                           |
      | a name of the driver  | ..data     | ..                                           |

  @ACK-25 @DRV-05
  Scenario: Two objects cannot share a file
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: db/password, objectAlias: test}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "SecretProviderClass default/test-secrets", "objects[0]", "objects[1]", "db/password" and "objectAlias"
    And no call reached the cloud
    And a good class still mounts

  @ACK-24
  Scenario Outline: The object type <type> reads <store>
    Given OOS holds the parameter "test" with the value "parameter"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: test, objectType: <type>}]`
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "<value>"

    Examples:
      | type  | store             | value     |
      | kms   | KMS               | first     |
      | "kms" | KMS               | first     |
      | ""    | KMS, the default  | first     |
      | ~     | KMS, the default  | first     |
      | oos   | OOS               | parameter |

  @ACK-24
  Scenario Outline: The object type <type> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test, objectType: <type>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "objectType", "<found>" and "expected <expected>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | type      | found   | expected   |
      | ssm       | ssm     | kms or oos |
      | KMS       | KMS     | kms or oos |
      | [kms]     | a list  | text       |

  @ACK-24 @ACK-26 @ACK-27 @ACK-28 @EXT-08 @EXT-09
  Scenario Outline: A field that holds <mistake> is refused with what belongs there
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: test}, {objectName: db/password, <field>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "default/test-secrets", "objects[1]", "db/password", "line 1" and "<expected>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake                         | field                                           | expected                                    |
      | a word for a mode               | filePermission: rw-r--r--                       | filePermission: found                       |
      | more than nine bits             | filePermission: 04755                           | an octal mode from 0000 to 0777             |
      | digits that are not octal       | filePermission: 0888                            | an octal mode from 0000 to 0777             |
      | a list for a mode               | filePermission: [0400]                          | filePermission: found a list, expected text |
      | an encoding nobody knows        | objectEncoding: utf-16                          | utf-8, base64 or hex                        |
      | neither true nor false          | optional: yes                                   | true or false                               |
      | a word for expressions          | jmesPath: username                              | a list of mappings with path                |
      | a list of words for expressions | jmesPath: [username]                            | a mapping with path                         |
      | an expression without a path    | jmesPath: [{objectAlias: user}]                 | path is missing                             |
      | a path that is no expression    | jmesPath: [{path: "user["}]                     | path is no JMESPath expression              |
      | a mode of an extracted file     | jmesPath: [{path: user, filePermission: x}]     | an octal mode from 0000 to 0777             |
      | a role that is no ARN           | crossAccountRoleArn: reader                     | acs:ram::<account>:role/<name>              |
      | a KMS version that is too long  | objectVersion: 12345678901234567890123456789012345678901234567890123456789012345 | at most 64 characters |
      | a word for an OOS version       | objectType: oos, objectVersion: v1              | a whole number from 1 to 100                |
      | a zero for an OOS version       | objectType: oos, objectVersion: 0               | a whole number from 1 to 100                |
      | a label for OOS                 | objectType: oos, objectVersionLabel: ACSCurrent | objectVersionLabel is for objectType kms    |

  @ACK-20
  Scenario: All mistakes of a class are told at once
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: test
        objectType: vault
        filePermission: rw
      - objectname: db/password
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "line 2", "objectType", "line 3", "filePermission", "line 4" and "objectName is missing"
    And no call reached the cloud

  @ACK-20
  Scenario Outline: A field that nobody knows is served with a warning that guesses <guess>
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: test
        <field>: x
      """
    When a pod mounts "test-secrets"
    Then the file "test" holds the value "first"
    And the provider's log warns of "objects[0]", "line 2", "<field>" and "<guess>"

    Examples:
      | field          | guess                        |
      | objectVersions | objectVersion may be meant   |
      | jmespath       | jmesPath may be meant        |
      | alias          | objectAlias may be meant     |
      | colour         | the fields are objectName    |

  @ACK-20
  Scenario: A parameter that nobody knows is served with a warning
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathtranslation: "-"
          objects: |
            - objectName: db/password
      """
    When a pod mounts "test-secrets"
    Then the file "db_password" holds the value "password"
    And the provider's log warns of "default/test-secrets", "pathtranslation" and "pathTranslation may be meant"

  @ACK-20
  Scenario: A thousand and one objects are refused
    Given the SecretProviderClass "test-secrets" with 1001 objects of the secret "test"
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "1001", "1000" and "several classes"
    And no call reached the cloud
    And a good class still mounts

  @VEN-08
  Scenario Outline: A secret may be named by its ARN, <how>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: "acs:kms:cn-hangzhou:1234567890123456:secret/db/password"<alias>}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value    | mode |
      | <file> | password | 0644 |

    Examples:
      | how                        | alias                  | file                                                    |
      | and gives the file its own | , objectAlias: db.pass | db.pass                                                 |
      | and names the file so      |                        | acs:kms:cn-hangzhou:1234567890123456:secret_db_password |

  @VEN-08
  Scenario Outline: A name that begins like an ARN and is <mistake> is refused
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: "<name>", objectType: <type>}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "objectName" and "<expected>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake              | type | name                                             | expected                                    |
      | cut short            | kms  | acs:kms:cn-hangzhou                              | acs:kms:<region>:<account>:secret/<name>    |
      | the ARN of a key     | kms  | acs:kms:cn-hangzhou:1234567890123456:key/1       | acs:kms:<region>:<account>:secret/<name>    |
      | the ARN of a role    | kms  | acs:ram::1234567890123456:role/reader            | acs:kms:<region>:<account>:secret/<name>    |
      | for an OOS parameter | oos  | acs:oos:cn-hangzhou:1234567890123456:parameter/a | the name of an OOS parameter                |

  @ACK-08
  Scenario: A secret of another region is refused with both regions named
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: "acs:kms:cn-beijing:1234567890123456:secret/test"}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "cn-beijing" and "cn-hangzhou"
    And no call reached the cloud

  @VEN-08
  Scenario: A secret of another account that the identity may not read is refused with the right to grant
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: "acs:kms:cn-hangzhou:6543210987654321:secret/test"}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as PermissionDenied
    And the refusal names "objects[0]", "kms:GetSecretValue" and "acs:kms:cn-hangzhou:6543210987654321:secret/test"
    And the pod has no volume
