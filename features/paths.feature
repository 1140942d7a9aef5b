Feature: Files are named as the class says, and never collide
  A file bears the name of its secret or its alias. What becomes of the slashes in it is the class's choice. A name that the driver
  would not write, or two files of which one would have to be a folder, are refused before anything is read.

  Background:
    Given the provider has an access key of the account
    And KMS holds these secrets:
      | name           | version | value  |
      | My/Path/Secret | v1      | first  |
      | a/bc/d         | v1      | deep   |
      | plain          | v1      | plain  |

  @ACK-22
  Scenario Outline: With the path translation <translation>, <name> becomes <file>
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: <translation>
          objects: |
            - <object>
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value | mode |
      | <file> | first | 0644 |

    Examples:
      | translation | name       | object                                                     | file           |
      | ""          | a name     | objectName: My/Path/Secret                                 | My_Path_Secret |
      | "_"         | a name     | objectName: My/Path/Secret                                 | My_Path_Secret |
      | "-"         | a name     | objectName: My/Path/Secret                                 | My-Path-Secret |
      | "."         | a name     | objectName: My/Path/Secret                                 | My.Path.Secret |
      | "密"        | a name     | objectName: My/Path/Secret                                 | My密Path密Secret |
      | "False"     | a name     | objectName: My/Path/Secret                                 | My/Path/Secret |
      | "false"     | a name     | objectName: My/Path/Secret                                 | My/Path/Secret |
      | "-"         | an alias   | {objectName: My/Path/Secret, objectAlias: conf/db/pass}    | conf-db-pass   |
      | "False"     | an alias   | {objectName: My/Path/Secret, objectAlias: conf/db/pass}    | conf/db/pass   |
      | "False"     | an alias   | {objectName: My/Path/Secret, objectAlias: /conf/pass}      | conf/pass      |

  @ACK-22
  Scenario: Without a path translation, slashes become underscores
    Given the SecretProviderClass "test-secrets" with the objects `- objectName: My/Path/Secret`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file           | value | mode |
      | My_Path_Secret | first | 0644 |

  @ACK-22
  Scenario Outline: The path translation <translation> is refused
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: <translation>
          objects: "- objectName: plain"
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "default/test-secrets", "pathTranslation", "one character" and "False"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | translation |
      | "__"        |
      | "/"         |
      | "True"      |
      | "no"        |

  @ACK-22 @DRV-05
  Scenario Outline: The name <name> is legal and accepted
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: "False"
          objects: |
            - objectName: plain
              objectAlias: "<name>"
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value | mode |
      | <name> | plain | 0644 |

    Examples:
      | name         |
      | a/bc/d       |
      | ab/c         |
      | a/..b        |
      | a/b..        |
      | .hidden      |
      | a b          |
      | a:b          |
      | 数据/密码    |

  @DRV-05
  Scenario Outline: A name that <problem> is refused
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: "False"
          objects: |
            - objectName: a/bc/d
            - objectName: plain
              objectAlias: "<name>"
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "default/test-secrets", "objects[1]", "plain" and "<reason>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | problem                 | name           | reason                         |
      | is the way out          | ..             | leads out of the mount         |
      | begins with the way out | ../plain       | leads out of the mount         |
      | holds the way out       | a/../../plain  | leads out of the mount         |
      | ends with the way out   | a/..           | leads out of the mount         |
      | is one of the driver's  | ..data         | the driver keeps for itself    |
      | is one of its folders   | ..data/plain   | the driver keeps for itself    |
      | stays where it is       | .              | one that is '.'                |
      | has an empty element    | a//b           | empty element                  |
      | ends with a slash       | a/             | empty element                  |
      | has two leading slashes | //a            | absolute                       |
      | is nothing but a slash  | /              | empty                          |
      | holds a zero byte       | a\\0b          | zero byte                      |

  @DRV-05
  Scenario Outline: Two files of which <problem> are refused with both objects named
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: "<translation>"
          objects: |
            - <first>
            - <second>
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "<one>", "objects[1]", "<other>" and "objectAlias"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | problem                               | translation | first                                                  | second                                                | one         | other       |
      | both have one alias                   | _           | {objectName: plain, objectAlias: x}                    | {objectName: a/bc/d, objectAlias: x}                  | plain       | a/bc/d      |
      | both have one name                    | _           | {objectName: plain}                                    | {objectName: plain, objectVersion: v1}                | plain       | plain       |
      | both are the same after translation   | _           | {objectName: a/bc/d}                                   | {objectName: plain, objectAlias: a_bc_d}              | a/bc/d      | plain       |
      | one would be a folder of the other    | False       | {objectName: a/bc/d}                                   | {objectName: plain, objectAlias: a/bc}                | a/bc/d      | plain       |
      | the other would be a folder           | False       | {objectName: plain, objectAlias: a}                    | {objectName: a/bc/d}                                  | plain       | a/bc/d      |
      | one is in KMS and one in OOS          | _           | {objectName: plain}                                    | {objectName: plain, objectType: oos}                  | plain       | plain       |
      | an extracted one is a whole one       | _           | {objectName: plain}                                    | {objectName: a/bc/d, jmesPath: [{path: plain}]}       | plain       | jmesPath[0] |
      | two extracted ones have one alias     | _           | {objectName: plain, jmesPath: [{path: u, objectAlias: x}]} | {objectName: a/bc/d, jmesPath: [{path: v, objectAlias: x}]} | jmesPath[0] | jmesPath[0] |
      | two extracted ones have one path      | _           | {objectName: plain, jmesPath: [{path: u}]}             | {objectName: a/bc/d, jmesPath: [{path: u}]}           | jmesPath[0] | jmesPath[0] |

  @DRV-05 @VEN-10
  Scenario: An extracted file cannot take the name of its own secret
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: plain, jmesPath: [{path: plain}]}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "jmesPath[0]", "plain" and "objectAlias"
    And no call reached the cloud

  @DRV-05
  Scenario: Files may share folders
    Given the SecretProviderClass:
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud
        parameters:
          pathTranslation: "False"
          objects: |
            - objectName: a/bc/d
            - {objectName: plain, objectAlias: a/bc/e}
            - {objectName: My/Path/Secret, objectAlias: a/b}
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value | mode |
      | a/bc/d | deep  | 0644 |
      | a/bc/e | plain | 0644 |
      | a/b    | first | 0644 |
