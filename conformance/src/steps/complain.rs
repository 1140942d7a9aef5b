//! How a step complains.

/// Ends the step with a complaint, as a `StepError` or any other error.
macro_rules! bail {
    ($($complaint:tt)+) => {
        return Err(anyhow::anyhow!($($complaint)+).into())
    };
}

/// Ends the step with a complaint unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($complaint:tt)+) => {
        if !$condition {
            bail!($($complaint)+)
        }
    };
}
