//! The kinds of what does not fit, each with what to do.

use serde::Serialize;

use crate::answer::{Shown, shown};

/// A kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Created by us, and not in OpenTrain's list.
    NotAtOpentrain,
    /// A contract on record that OpenTrain does not list.
    ContractGone,
    /// A milestone that nobody asked for here.
    NotOurs,
    /// A contract that nobody asked for here.
    HiredElsewhere,
    /// A contract that was ended, and nobody asked for it here.
    EndedElsewhere,
    /// Funded without a request on record.
    FundedElsewhere,
    /// Paid out without a request on record.
    ReleasedElsewhere,
    /// Another amount than the one on record.
    AmountDiffers,
    /// Another volume than the one on record.
    VolumeDiffers,
    /// In another contract than the one on record.
    OtherContract,
    /// Two milestones with the same terms, though a second one was not asked for.
    AskedTwice,
    /// One milestone that two creates on record claim.
    RecordedTwice,
    /// Confirmed by a person, and not carried out.
    ConfirmedNotDone,
    /// Two confirmed requests for the same money.
    ConfirmedTwice,
    /// Carried out although no request for it was confirmed.
    DoneWithoutConsent,
    /// The decision on record is not the one at OpenTrain.
    DecisionDiffers,
    /// Two different decisions on record for one approval.
    TwoDecisions,
    /// OpenTrain does not know the approval.
    ApprovalMissing,
    /// It is not known how a write ended.
    UnknownOutcome,
    /// A write on record whose first line is missing.
    HalfRecorded,
    /// A line that cannot be read.
    UnreadableLine,
}

impl Kind {
    /// A short title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotAtOpentrain => "On record, not at OpenTrain",
            Self::ContractGone => "Contract on record, not at OpenTrain",
            Self::NotOurs => "At OpenTrain, not asked for here",
            Self::HiredElsewhere => "Contract at OpenTrain, no hire on record",
            Self::EndedElsewhere => "Ended, not asked for here",
            Self::FundedElsewhere => "Funded, not asked for here",
            Self::ReleasedElsewhere => "Paid out, not asked for here",
            Self::AmountDiffers => "Amounts differ",
            Self::VolumeDiffers => "Volumes differ",
            Self::OtherContract => "In another contract",
            Self::AskedTwice => "Created twice",
            Self::RecordedTwice => "Recorded twice",
            Self::ConfirmedNotDone => "Confirmed, not carried out",
            Self::ConfirmedTwice => "Confirmed twice",
            Self::DoneWithoutConsent => "Carried out, not confirmed",
            Self::DecisionDiffers => "Decisions differ",
            Self::TwoDecisions => "Two decisions on record",
            Self::ApprovalMissing => "Approval not at OpenTrain",
            Self::UnknownOutcome => "Outcome unknown",
            Self::HalfRecorded => "Half of a write on record",
            Self::UnreadableLine => "Line not readable",
        }
    }

    /// What the operator does about it.
    #[must_use]
    pub const fn to_do(self) -> &'static str {
        match self {
            Self::NotAtOpentrain => {
                "OpenTrain hides refunded and cancelled milestones: look at the contract in the app. If it was cancelled there, \
                 all is well."
            }
            Self::ContractGone => {
                "Look in the app whether the contract is there, and whether this token is of the same account."
            }
            Self::NotOurs => {
                "Ask who made it: a person in the app, another token, or a server without this record. Do not fund it before \
                 you know."
            }
            Self::HiredElsewhere => "Ask who hired: a person in the app, or another token.",
            Self::EndedElsewhere => "Ask who ended it: a person in the app, or another token.",
            Self::FundedElsewhere => "Ask who funded it: a person in the app, or another token.",
            Self::ReleasedElsewhere => {
                "Ask who released the money: a person in the app, or another token. It does not come back."
            }
            Self::AmountDiffers | Self::VolumeDiffers => {
                "Compare with what was agreed. Before it is funded, a person can correct it in the app."
            }
            Self::OtherContract => "Look at both contracts in the app before anything is funded.",
            Self::AskedTwice => {
                "Look at both. Fund one of them only, if one is enough; a person cancels the other in the app."
            }
            Self::RecordedTwice => "Count it once. If the record was edited, keep the copy that was not.",
            Self::ConfirmedNotDone => {
                "Look at the approval's page and the milestone in the app. A payment may still be under way; after a day, ask \
                 OpenTrain's support with the approval's id."
            }
            Self::ConfirmedTwice => {
                "Look at the invoices in the app: the same money may have been paid twice. Ask OpenTrain's support."
            }
            Self::DoneWithoutConsent => {
                "Ask the person whether they did it in the app by other means. If nobody did, ask OpenTrain's support."
            }
            Self::DecisionDiffers => "OpenTrain's decision counts. Ask who edited the record, or the decision.",
            Self::TwoDecisions => "OpenTrain's decision counts. Ask who edited the record.",
            Self::ApprovalMissing => {
                "Look whether this token is of the account that asked. Ask OpenTrain's support with the approval's id."
            }
            Self::UnknownOutcome => {
                "Look in the app whether it was done. A request for funding, release, hire or end can be repeated: a pending \
                 one is given again."
            }
            Self::HalfRecorded => {
                "Look for the line before it in the older files of the record; else somebody has edited it."
            }
            Self::UnreadableLine => {
                "Look at the line: it was torn when the machine stopped, or somebody has edited it."
            }
        }
    }
}

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The kind.
    pub kind: Kind,
    /// The facts, in one sentence.
    pub what: Shown,
    /// What to do.
    pub to_do: &'static str,
    /// The contract, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract_id: Option<String>,
    /// The milestone, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<String>,
    /// The approval, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
}

impl Difference {
    pub(super) fn new(kind: Kind, what: impl Into<Shown>) -> Self {
        let (what, to_do) = (what.into(), kind.to_do());
        Self { kind, what, to_do, contract_id: None, milestone_id: None, approval_id: None }
    }

    pub(super) fn unreadable(line: usize) -> Self {
        Self::new(Kind::UnreadableLine, shown!("Line {} of the record cannot be read.", line))
    }

    pub(super) fn contract(self, id: Option<&str>) -> Self {
        Self { contract_id: id.map(str::to_owned), ..self }
    }

    pub(super) fn milestone(self, id: Option<&str>) -> Self {
        Self { milestone_id: id.map(str::to_owned), ..self }
    }

    pub(super) fn approval(self, id: &str) -> Self {
        Self { approval_id: Some(id.to_owned()), ..self }
    }
}
