Feature: Values of a JSON secret become files of their own
  With jmesPath a class names values within a JSON secret. Each becomes a file, beside the whole secret. What cannot be extracted
  keeps the pod from starting, and the refusal shows the form of the secret without its values.

  The strings in a JSON secret stand for values of their own, like everywhere in these features.

  Background:
    Given the provider has an access key of the account
    And KMS holds the JSON secret "app":
      """
      {
        "name": "shop",
        "port": 5432,
        "ratio": 1.50,
        "tls": true,
        "spare": null,
        "credentials": { "username": "testuser", "password": "testpassword" },
        "hosts": [ { "zone": "a-zone", "address": "a-address" }, { "zone": "b-zone", "address": "b-address" } ],
        "limits": { "most": 10, "least": 1 },
        "odd-key": "odd",
        "a/b": "slashed"
      }
      """

  @ACK-29 @ACK-28 @ACK-20 @cluster
  Scenario: The printed example
    Given KMS holds the JSON secret "MySecret":
      """
      {
        "username": "testuser",
        "password": "testpassword"
      }
      """
    And the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: "MySecret"
        jmesPath:
          - path: "username"        # JMESPath expression to extract the value
            objectAlias: "username" # File name in the pod mount
          - path: "password"
            objectAlias: "password"
      """
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file     | value        | mode |
      | MySecret | MySecret     | 0644 |
      | username | testuser     | 0644 |
      | password | testpassword | 0644 |

  @ACK-28 @VEN-10
  Scenario Outline: The file is named <file> by <rule>
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [<extract>]}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file   | value   | mode |
      | app    | app     | 0644 |
      | <file> | <value> | 0644 |

    Examples:
      | rule                           | extract                                                        | file                 | value    |
      | its path                       | {path: name}                                                   | name                 | shop     |
      | its path if the alias is empty | {path: name, objectAlias: ""}                                  | name                 | shop     |
      | its path of several steps      | {path: credentials.username}                                   | credentials.username | testuser |
      | its alias                      | {path: credentials.username, objectAlias: user}                | user                 | testuser |
      | its alias with slashes replaced | {path: credentials.username, objectAlias: db/user}            | db_user              | testuser |
      | its path with slashes replaced | {path: '"a/b"'}                                                | "a_b"                | slashed  |

  @VEN-10
  Scenario Outline: The expression <expression> finds <what>
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: app
        jmesPath:
        - path: <expression>
          objectAlias: found
      """
    When a pod mounts "test-secrets"
    Then the file "found" holds the value "<value>"

    Examples:
      | what                        | expression                               | value        |
      | a value                     | name                                     | shop         |
      | a nested value              | credentials.password                     | testpassword |
      | a value under an odd key    | '"odd-key"'                              | odd          |
      | the first of a list         | hosts[0].address                         | a-address    |
      | the last of a list          | hosts[-1].address                        | b-address    |
      | what a filter lets through  | "hosts[?port == null] \| [1].address"   | b-address    |
      | the first that is not null  | spare \|\| name                          | shop         |

  @EXT-06
  Scenario Outline: <What> is written as JSON text
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: app
        jmesPath:
        - path: <expression>
          objectAlias: found
      """
    When a pod mounts "test-secrets"
    Then the file found holds the text `<text>`

    Examples:
      | What             | expression           | text                                               |
      | A whole number   | port                 | 5432                                               |
      | A fraction       | ratio                | 1.50                                               |
      | A boolean        | tls                  | true                                               |
      | A list           | hosts[*].zone        | ["a-zone","b-zone"]                                |
      | An object        | credentials          | {"username":"testuser","password":"testpassword"}  |
      | An object's order | limits              | {"most":10,"least":1}                              |
      | A computed value | length(hosts)        | 2                                                  |

  @VEN-10 @ACK-28 @DRV-08 @ACK-40
  Scenario Outline: <What> keeps the pod from starting
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: app
        jmesPath:
        - path: name
        - path: <expression>
          objectAlias: found
      """
    When a pod mounts "test-secrets"
    Then the mount is refused as FailedPrecondition
    And the refusal names "default/test-secrets", "objects[0]", "app", "jmesPath[1]" and "<reason>"
    And the refusal names "credentials" and "string"
    And no secret stands in the provider's log, in the refusal or in the cloud's records
    And the pod has no volume

    Examples:
      | What                                 | expression              | reason        |
      | A path that is not there             | missing                 | finds nothing |
      | A path that ends early               | name.first              | finds nothing |
      | A path that finds null               | spare                   | finds nothing |
      | An index beyond a list               | hosts[7]                | finds nothing |
      | A function that does not fit         | length(port)            | length()      |

  @VEN-10 @ACK-40
  Scenario Outline: A secret that is <what> keeps the pod from starting when a value is to be extracted
    Given KMS holds the secret "plain" with the value "first"
    And KMS holds the binary secret "bytes" with the bytes "bytes"
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: <secret>, jmesPath: [{path: user}]}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as FailedPrecondition
    And the refusal names "objects[0]", "<secret>", "jmesPath[0]", "user" and "<reason>"
    And no secret stands in the provider's log, in the refusal or in the cloud's records
    And the pod has no volume

    Examples:
      | what    | secret | reason     |
      | no JSON | plain  | no JSON    |
      | no text | bytes  | no UTF-8   |

  @ACK-28
  Scenario Outline: An expression that is <mistake> is refused before anything is read
    Given the SecretProviderClass "test-secrets" with the objects `[{objectName: app, jmesPath: [{path: name}, {path: "<expression>", objectAlias: found}]}]`
    When a pod mounts "test-secrets"
    Then the mount is refused as InvalidArgument
    And the refusal names "objects[0]", "app", "jmesPath[1]", "no JMESPath expression" and "<reason>"
    And no call reached the cloud
    And a good class still mounts

    Examples:
      | mistake               | expression        | reason        |
      | cut short             | credentials.      | character     |
      | of two words          | user name         | character     |
      | an unknown function   | lenght(name)      | lenght        |
      | a function of nothing | length()          | length()      |
      | a step of nothing     | hosts[::0]        | step 0        |

  @VEN-10
  Scenario: A hostile expression ends in a refusal, and the provider goes on
    Given the SecretProviderClass "test-secrets" with the objects:
      """
      - objectName: app
        jmesPath:
        - path: "[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]"
          objectAlias: found
      """
    When a pod mounts "test-secrets"
    Then the mount is refused for good
    And the refusal names "objects[0]" and "jmesPath[0]"
    And a good class still mounts

  @ACK-28 @VEN-11
  Scenario: Values are extracted from an OOS parameter as well
    Given OOS holds the JSON parameter "app/config":
      """
      { "username": "testuser", "password": "testpassword" }
      """
    And the SecretProviderClass "test-secrets" with the objects `[{objectName: app/config, objectType: oos, jmesPath: [{path: username}, {path: password}]}]`
    When a pod mounts "test-secrets"
    Then the volume holds exactly these files:
      | file       | value        | mode |
      | app_config | app/config   | 0644 |
      | username   | testuser     | 0644 |
      | password   | testpassword | 0644 |
