//! The solver's process, and one form's problem in it.

use std::ffi::OsString;

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::LocalSolver;
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet};
use tokio::process::Command;

use crate::catalogue::Form;

/// Milliseconds of wall time for one question to the solver. The ordinary ones take a fraction of a second; the limit is only for a solver that never
/// comes back, and so far off that a busy machine does not make an answer into none.
const MOST_PER_QUESTION: &str = "--tlimit-per=600000";

/// How the solver is started: a name on the search path, or a path.
#[derive(Clone, Debug)]
pub struct SolverCommand(OsString);

impl SolverCommand {
    /// By the name or path of the program.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self(program.into())
    }

    fn start(&self) -> Result<LocalSolver, ProofError> {
        let mut command = Command::new(&self.0);
        command.args(["--lang", "smt", MOST_PER_QUESTION]).kill_on_drop(true);
        LocalSolver::from_command(&mut command)
            .map_err(|error| ProofError::NotStarted { program: self.0.to_string_lossy().into_owned(), cause: cause(&error) })
    }
}

/// An error with what is behind it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(one) = behind {
        text = format!("{text}: {one}");
        behind = one.source();
    }
    text
}

/// Why there is no proof.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no solver.
    #[error(
        "the solver {program} does not start: {cause}\n  do: install it (Debian: apt-get install cvc5), or give its path with --solver"
    )]
    NotStarted {
        /// What was to be started.
        program: String,
        /// What the system said.
        cause: String,
    },
    /// The solver cannot say, or the model is not one that it understands.
    #[error("nothing is proved: {0}")]
    Undecided(String),
}

impl ProofError {
    pub(super) fn undecided(error: cedar_policy_symcc::err::Error) -> Self {
        Self::Undecided(cause(&error))
    }

    /// Nothing is proved, because of this.
    pub(super) fn because(error: impl std::fmt::Display) -> Self {
        Self::Undecided(error.to_string())
    }
}

/// The requests of one form, with a solver of their own.
pub(super) struct Prover {
    pub(super) form: Form,
    pub(super) environment: RequestEnv,
    pub(super) schema: Schema,
    pub(super) compiler: CedarSymCompiler<LocalSolver>,
}

impl Prover {
    /// One for each form of the model.
    pub(super) fn per_form(schema: &Schema, solver: &SolverCommand) -> Result<Vec<Self>, ProofError> {
        let mut provers = Vec::new();
        for environment in schema.request_envs() {
            let action = environment.action().id().unescaped().to_owned();
            let form = Form::from_code(&action)
                .ok_or_else(|| ProofError::Undecided(format!("the action `{action}` of the model is no form")))?;
            let compiler = CedarSymCompiler::new(solver.start()?).map_err(ProofError::undecided)?;
            provers.push(Self { form, environment, schema: schema.clone(), compiler });
        }
        if provers.len() == Form::ALL.len() {
            return Ok(provers);
        }
        Err(ProofError::Undecided("the model has not one kind of request for each form".to_owned()))
    }

    pub(super) fn compile(&self, policies: &PolicySet) -> Result<CompiledPolicySet, ProofError> {
        CompiledPolicySet::compile(policies, &self.environment, &self.schema).map_err(ProofError::undecided)
    }
}
