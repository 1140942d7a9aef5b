Feature: A class is checked before a pod hangs
  An operator checks manifests on a desk or in a pipeline, without cluster and without cloud. Every mistake is told at once, with its
  line and column in the file and with what may be meant, and the files that the pods would see are listed.

  Background:
    Given the manifest "class.yaml":
      """
      apiVersion: secrets-store.csi.x-k8s.io/v1
      kind: SecretProviderClass
      metadata:
        name: test-secrets
      spec:
        provider: alibabacloud   # Must be set to alibabacloud.
        parameters:
          pathTranslation: "_"   # What becomes of the slashes in names.
          objects: |
            - objectName: "test"   # Name of the secret in KMS Secrets Manager
              objectType: "kms"    # Valid values: kms, oos. Default: kms.
      """

  @EXT-10 @ACK-04
  Scenario: A good class is told what it mounts
    When an operator checks "class.yaml"
    Then the check ends with code 0
    And the check finds nothing
    And the check says that "test-secrets" mounts exactly these files:
      | file | source             |
      | test | objects[0] "test"  |

  @EXT-10 @ACK-04
  Scenario: A class of the older API version is as good
    Given the manifest "class.yaml" with `csi.x-k8s.io/v1` replaced by `csi.x-k8s.io/v1alpha1`
    When an operator checks "class.yaml"
    Then the check ends with code 0
    And the check finds nothing

  @EXT-10 @ACK-22 @ACK-28
  Scenario: Files are listed under the names that pods see
    Given the manifest "class.yaml" with the objects:
      """
      - objectName: My/Path/Secret
        jmesPath:
          - path: credentials.username
          - path: password
            objectAlias: conf/password
      """
    When an operator checks "class.yaml"
    Then the check ends with code 0
    And the check says that "test-secrets" mounts exactly these files:
      | file                 | source                                                          |
      | My_Path_Secret       | objects[0] "My/Path/Secret"                                     |
      | credentials.username | objects[0] "My/Path/Secret" jmesPath[0] "credentials.username"  |
      | conf_password        | objects[0] "My/Path/Secret" jmesPath[1] "password"              |

  @EXT-10
  Scenario Outline: A mistake in objects is found in its line of the file: <mistake>
    Given the manifest "class.yaml" with the objects:
      """
      - objectName: test

      - objectName: db
        <field>
      """
    When an operator checks "class.yaml"
    Then the check ends with code 1
    And the check finds line 13, column <column> of "class.yaml" with "objects[1]", "<found>" and "<hint>"

    Examples:
      | mistake                 | field                          | column | found                | hint                  |
      | a misspelt field        | objectVersions: v1             | 9      | objectVersions       | objectVersion         |
      | an unknown store        | objectType: vault              | 21     | vault                | kms or oos            |
      | an alias taken already  | objectAlias: test              | 22     | objects[0] "test"    | another objectAlias   |
      | the way out             | objectAlias: ../db             | 22     | ../db                | makes no file name    |
      | a bad expression        | jmesPath: [{path: a..b}]       | 27     | jmesPath[0]          | no JMESPath           |
      | a mode that is none     | filePermission: rw             | 25     | rw                   | octal                 |

  @EXT-10
  Scenario Outline: A mistake around objects is found, too: <mistake>
    Given the manifest "class.yaml" with `<from>` replaced by `<to>`
    When an operator checks "class.yaml"
    Then the check ends with code 1
    And the check finds line <line>, column <column> of "class.yaml" with "<found>" and "<hint>"

    Examples:
      | mistake                 | from                       | to                            | line | column | found        | hint                   |
      | a version of the API    | csi.x-k8s.io/v1            | csi.x-k8s.io/v2               | 1    | 13     | /v2          | v1alpha1               |
      | another provider        | provider: alibabacloud     | provider: alibaba             | 6    | 13     | alibaba      | alibabacloud           |
      | an unquoted False       | pathTranslation: "_"       | pathTranslation: False        | 8    | 22     | a boolean    | "False"                |
      | a misspelt parameter    | objects: \|                | object: \|                    | 9    | 5      | object       | objects may be meant   |
      | a list that is no text  | objects: \|                | objects:                      | 10   | 7      | a list       | objects: \|            |

  @EXT-10 @ACK-02
  Scenario: A Secret can only be made of files that are mounted
    Given the spec of the manifest "class.yaml" continues:
      """
      secretObjects:
        - secretName: app
          type: Opaque
          data:
            - objectName: tset
              key: password
      """
    When an operator checks "class.yaml"
    Then the check ends with code 1
    And the check finds line 16, column 23 of "class.yaml" with "tset" and "test"

  @EXT-10
  Scenario Outline: A pod is checked against the class: <mistake>
    Given the manifest "pod.yaml":
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        volumes:
          - name: secrets
            csi:
              driver: secrets-store.csi.k8s.io
              readOnly: true
              volumeAttributes:
                secretProviderClass: test-secrets
      """
    And the manifest "pod.yaml" with `<from>` replaced by `<to>`
    When an operator checks "class.yaml" and "pod.yaml"
    Then the check ends with code 1
    And the check finds line <line>, column <column> of "pod.yaml" with "<found>" and "<hint>"

    Examples:
      | mistake                 | from                          | to                           | line | column | found               | hint                      |
      | a class that is missing | Class: test-secrets           | Class: test-secret           | 12   | 32     | test-secret         | test-secrets may be meant |
      | a volume to write to    | readOnly: true                | readOnly: false              | 10   | 19     | readOnly            | must be true              |
      | another driver          | driver: secrets-store.csi.k8s.io | driver: secret-store.csi.k8s.io | 9 | 17    | secret-store        | secrets-store.csi.k8s.io  |

  @EXT-10 @ACK-02
  Scenario: A variable that is fed from a synchronized Secret is worth a warning
    Given the spec of the manifest "class.yaml" continues:
      """
      secretObjects:
        - { secretName: app, type: Opaque, data: [{ objectName: test, key: password }] }
      """
    And the manifest "pod.yaml":
      """
      kind: Pod
      spec:
        containers:
          - env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: app, key: password } } }]
        volumes:
          - csi:
              driver: secrets-store.csi.k8s.io
              readOnly: true
              volumeAttributes: { secretProviderClass: test-secrets }
      """
    When an operator checks "class.yaml" and "pod.yaml"
    Then the check ends with code 0
    And the check finds line 4, column 66 of "pod.yaml" with "PASSWORD" and "whatever rotates"

  @EXT-10
  Scenario Outline: What cannot be checked is not called good: <input>
    Given the manifest "other.yaml":
      """
      <text>
      """
    When an operator checks "<file>"
    Then the check ends with code <code>

    Examples:
      | input                | text            | file        | code |
      | no such file         | kind: ConfigMap | absent.yaml | 2    |
      | nothing of ours      | kind: ConfigMap | other.yaml  | 2    |
      | no YAML              | kind: [         | other.yaml  | 1    |
