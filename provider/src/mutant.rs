//! Mutants: wrong behaviours on demand, which the conformance suite must catch. Each is a mistake that somebody could make, at
//! the place where it would be made (`mutate!`), and names the requirements of which a scenario must fail.
//!
//! Only with the feature `mutants`, which no release build takes.

#[cfg(not(debug_assertions))]
compile_error!("the feature mutants is for the suite's own test and must not be released");

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use crate::config::Environment;
use crate::mount::object::Rules;
use crate::mount::path::Translation;
use crate::store::Value;

/// Names the mutant to play, or `list`.
pub const VARIABLE: &str = "PROVIDER_MUTANT";

static PLAYED: OnceLock<Mutant> = OnceLock::new();

/// What a process is to do.
#[derive(Debug)]
pub enum Choice {
    /// Serve: as a mutant, or as it should where none is named.
    Play,
    /// Print the table.
    List,
    /// Complain of a name that is none.
    Unknown(String),
}

/// Chooses for the life of the process.
pub fn choose(environment: &impl Environment) -> Choice {
    let Some(name) = environment.variable(VARIABLE) else { return Choice::Play };
    if name == "list" {
        return Choice::List;
    }
    match Mutant::ALL.iter().find(|row| name == row.name) {
        Some(row) => {
            PLAYED.get_or_init(|| row.mutant);
            Choice::Play
        }
        None => Choice::Unknown(name.to_string_lossy().into_owned()),
    }
}

/// All mutants, one a line, with tabs between the fields: its name, the ids of the requirements that must catch it, whether it
/// `serves` (or may fail to start, where that is the mistake), and what it does.
pub fn table() -> String {
    let mut table = String::new();
    for Row { name, requirements, serves, about, .. } in Mutant::ALL {
        let serves = if *serves { "serves" } else { "may-not-serve" };
        let _ = writeln!(table, "{name}\t{}\t{serves}\t{}", requirements.join(" "), about.trim());
    }
    table.trim_end().to_owned()
}

impl Mutant {
    /// Whether this process is it.
    pub fn is_played(self) -> bool {
        PLAYED.get() == Some(&self)
    }
}

impl Value {
    /// What a swallowed error leaves.
    pub(crate) fn empty() -> Arc<Self> {
        Arc::new(Self { contents: Vec::new().into(), version_id: "0".to_owned() })
    }
}

impl Rules<'_> {
    /// The same, with slashes kept if `kept`.
    pub(crate) fn keeping_slashes(self, kept: bool) -> Self {
        if kept { Self { translation: Translation::Keep, ..self } } else { self }
    }
}

/// A line of the table.
#[derive(Debug)]
struct Row {
    mutant: Mutant,
    name: &'static str,
    requirements: &'static [&'static str],
    serves: bool,
    about: &'static str,
}

macro_rules! mutants {
    ($(#[doc = $about:literal] $mutant:ident = $name:literal, $requirements:expr $(, $serves:literal)?;)*) => {
        /// A wrong behaviour.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mutant {
            $(#[doc = $about] $mutant,)*
        }

        impl Mutant {
            const ALL: &[Row] = &[$(Row {
                mutant: Self::$mutant,
                name: $name,
                requirements: &$requirements,
                serves: true $(&& $serves)?,
                about: $about,
            },)*];
        }
    };
}

mutants! {
    // The socket, the process.
    /// SIGTERM does not end it.
    SigtermIgnored = "sigterm-ignored", ["DRV-12"];
    /// The socket of a dead provider is left in its place.
    StaleSocketKept = "stale-socket-kept", ["DRV-01"], false;
    /// Whatever stands in the socket's place is removed.
    ForeignFileRemoved = "foreign-file-removed", ["DRV-01"];
    /// The socket stays when the provider goes.
    SocketLeftBehind = "socket-left-behind", ["DRV-12"];
    /// A stop cuts running mounts off.
    RunningMountsCut = "running-mounts-cut", ["DRV-12"];
    /// A client that introduces itself by the socket's path is reset.
    AuthorityRefused = "authority-refused", ["DRV-14", "ACK-07"];
    /// The version tells another name.
    OtherName = "other-name", ["DRV-02"];
    /// Ready, whatever happened to the socket.
    AlwaysReady = "always-ready", ["EXT-05"];
    /// Failed mounts are counted as good ones.
    FailuresCountedAsOk = "failures-counted-as-ok", ["EXT-05"];
    /// The log is text where JSON was asked for.
    LogIsProse = "log-is-prose", ["EXT-05"];

    // The answer.
    /// Files have the mode 0600, whatever was asked for.
    WrongMode = "wrong-mode", ["DRV-04"];
    /// An object's own mode counts for nothing.
    OwnModeIgnored = "own-mode-ignored", ["EXT-08", "DRV-04"];
    /// Every file has the version 1.
    ConstantVersion = "constant-version", ["DRV-03", "ACK-02"];
    /// Every answer has new versions.
    RestlessVersion = "restless-version", ["DRV-03"];
    /// An answer may be larger than the driver takes.
    ResponseLimitIgnored = "response-limit-ignored", ["DRV-11"];
    /// A cloud out of reach is told with a code that is not final.
    UncertainCode = "uncertain-code", ["DRV-07"];
    /// So is the end of the provider.
    UncertainEnding = "uncertain-ending", ["DRV-12", "DRV-07"];
    /// A mount takes as long as it takes.
    NoDeadline = "no-deadline", ["DRV-07"];
    /// An error tells the key that was used.
    KeyInError = "key-in-error", ["ACK-40"];
    /// The log tells what is in the files.
    ValueInLog = "value-in-log", ["ACK-40"];
    /// An object that cannot be read is left out.
    PartialMount = "partial-mount", ["DRV-08"];
    /// An object that cannot be read becomes an empty file.
    SwallowedError = "swallowed-error", ["ACK-01", "DRV-08", "DRV-15"];
    /// One call to a service at a time, and whoever has to wait fails.
    OneCallAtATime = "one-call-at-a-time", ["DRV-09"];
    /// The flags that bound calls count for nothing.
    BoundIgnored = "bound-ignored", ["VEN-12"];
    /// A call goes on when its mount is cancelled.
    CancelledGoesOn = "cancelled-goes-on", ["DRV-10"];

    // The request.
    /// Members that are no text are taken for text.
    MalformedTaken = "malformed-taken", ["DRV-13"];
    /// Secrets that are null are refused.
    NullSecretsRefused = "null-secrets-refused", ["DRV-06"];
    /// The kubelet's tokens are taken for half of a pod's key pair.
    TokensTakenForKeys = "tokens-taken-for-keys", ["DRV-06"];
    /// What nobody knows in a class is not warned of.
    OddFieldsUnsaid = "odd-fields-unsaid", ["ACK-20"];
    /// An object without a name is left out.
    NamelessLeftOut = "nameless-left-out", ["ACK-23"];
    /// A type that is none is taken for kms.
    OddTypeTakenForKms = "odd-type-taken-for-kms", ["ACK-24"];
    /// Two files may have one path.
    DuplicatePath = "duplicate-path", ["DRV-05"];
    /// Paths may lead out of the volume.
    PathLeadsOut = "path-leads-out", ["DRV-05"];
    /// pathTranslation counts for nothing.
    TranslationIgnored = "translation-ignored", ["ACK-22"];
    /// Slashes of an alias stay.
    AliasNotTranslated = "alias-not-translated", ["ACK-22"];
    /// The file has the object's name.
    AliasIgnored = "alias-ignored", ["ACK-25"];
    /// An extracted file has its path's name.
    ExtractAliasIgnored = "extract-alias-ignored", ["ACK-28"];

    // Regions and endpoints.
    /// The class's region counts for nothing.
    ClassRegionIgnored = "class-region-ignored", ["ACK-08", "ACK-21"];
    /// An object of another region is asked for in this one.
    OtherRegionServed = "other-region-served", ["ACK-08", "VEN-08"];
    /// A name that begins like an ARN need not be one.
    BrokenArnTaken = "broken-arn-taken", ["VEN-08"];
    /// Anything is a region.
    AnyRegion = "any-region", ["EXT-11"];
    /// Instance metadata is asked although the region is given.
    MetadataAsked = "metadata-asked", ["ACK-09"];
    /// The node's region is looked up for each mount.
    RegionForgotten = "region-forgotten", ["ACK-21"];
    /// An object's own endpoint counts for nothing.
    EndpointIgnored = "endpoint-ignored", ["VEN-07"];
    /// A class may name any host.
    AnyHost = "any-host", ["EXT-11", "VEN-07"];

    // What is read.
    /// The version counts for nothing.
    VersionIgnored = "version-ignored", ["ACK-26"];
    /// The label counts for nothing.
    LabelIgnored = "label-ignored", ["ACK-27"];
    /// Without a wish the version before the current one is read.
    WrongStage = "wrong-stage", ["ACK-27"];
    /// White space around a value is lost.
    TrimmedValue = "trimmed-value", ["ACK-01"];
    /// Binary secrets arrive as Base64.
    BinaryAsText = "binary-as-text", ["VEN-09"];
    /// Parameters are read without decryption.
    StillEncrypted = "still-encrypted", ["VEN-11"];
    /// A parameter's version counts for nothing.
    ParameterVersionIgnored = "parameter-version-ignored", ["EXT-07"];
    /// With jmesPath the whole secret is left out.
    WholeLeftOut = "whole-left-out", ["VEN-10", "ACK-29"];
    /// What an expression does not find is an empty file.
    NothingFoundIsEmpty = "nothing-found-is-empty", ["VEN-10"];
    /// Only texts are found.
    OnlyTextFound = "only-text-found", ["EXT-06"];
    /// objectEncoding counts for nothing.
    EncodingIgnored = "encoding-ignored", ["EXT-08"];
    /// optional counts for nothing.
    OptionalIgnored = "optional-ignored", ["EXT-09"];
    /// optional excuses every failure.
    OptionalExcusesAll = "optional-excuses-all", ["EXT-09"];
    /// A refusal does not say what to grant.
    AdviceUnsaid = "advice-unsaid", ["ACK-16"];

    // Who reads.
    /// RRSA is taken for not configured.
    RrsaIgnored = "rrsa-ignored", ["ACK-10", "ACK-12", "VEN-13"];
    /// What was presented for a role is not told.
    ClaimsUnsaid = "claims-unsaid", ["ACK-11", "ACK-12"];
    /// The node's role is guessed instead of asked for.
    InstanceRoleGuessed = "instance-role-guessed", ["ACK-13", "VEN-13"];
    /// The key pair reads, and not the role that it should assume.
    RoleNotAssumed = "role-not-assumed", ["ACK-14"];
    /// A key pair without a role counts for nothing.
    KeyPairIgnored = "key-pair-ignored", ["VEN-03", "VEN-13"];
    /// The operator's name of sessions counts for nothing.
    SessionNameIgnored = "session-name-ignored", ["ACK-15"];
    /// The operator's length of sessions counts for nothing.
    SessionLifeIgnored = "session-life-ignored", ["ACK-15"];
    /// The pod's own identity counts for nothing.
    PodIdentityIgnored = "pod-identity-ignored", ["VEN-01"];
    /// A token for any audience is presented.
    AnyAudience = "any-audience", ["EXT-01"];
    /// Account and cluster give another cluster's OIDC provider.
    OtherCluster = "other-cluster", ["VEN-02"];
    /// The names of a pod's key pair are taken in lower case only.
    PodKeysInExactCase = "pod-keys-in-exact-case", ["VEN-04"];
    /// A pod's key pair goes before the provider's roles.
    PodKeysFirst = "pod-keys-first", ["VEN-05"];
    /// crossAccountRoleArn counts for nothing.
    CrossAccountIgnored = "cross-account-ignored", ["VEN-06"];
    /// The external id is not told.
    ExternalIdUnsaid = "external-id-unsaid", ["VEN-06"];
    /// A pod without an identity reads as the provider.
    SlidIdentity = "slid-identity", ["EXT-01"];
    /// An identity that fails is replaced by another.
    SlidAfterFailure = "slid-after-failure", ["EXT-01"];

    // What is remembered and tried again.
    /// Each mount opens a session of its own.
    SessionsForgotten = "sessions-forgotten", ["EXT-02"];
    /// All pods share a session, whoever they are.
    SessionsShared = "sessions-shared", ["ACK-18"];
    /// Pods that ask for the same at the same moment cost a call each.
    NothingShared = "nothing-shared", ["EXT-02"];
    /// A first mount takes what is remembered.
    StaleFirstMount = "stale-first-mount", ["EXT-03"];
    /// What was read once is good for ever.
    StaleForever = "stale-for-ever", ["ACK-03", "EXT-03"];
    /// Nothing is remembered.
    NothingRemembered = "nothing-remembered", ["EXT-03"];
    /// What one identity read is remembered for all.
    RememberedForAll = "remembered-for-all", ["EXT-03", "ACK-18"];
    /// What was refused is tried again.
    RefusalsRetried = "refusals-retried", ["EXT-04"];
    /// What was throttled is not tried again.
    ThrottlingNotRetried = "throttling-not-retried", ["EXT-04"];
    /// Trouble is not waited for to pass.
    TroubleNotRetried = "trouble-not-retried", ["EXT-04"];

    // Checking classes.
    /// Mistakes are told without their lines.
    LintWithoutLines = "lint-without-lines", ["EXT-10"];
    /// secretObjects are not looked at.
    LintBlindToSecrets = "lint-blind-to-secrets", ["EXT-10", "ACK-02"];
    /// Only the old version of the API is known.
    LintKnowsOldApiOnly = "lint-knows-old-api-only", ["ACK-04"];
    /// Only the new version of the API is known.
    LintKnowsNewApiOnly = "lint-knows-new-api-only", ["ACK-04"];
}
