//! Of jobs, the marketplace, proposals, hiring and messages.

use super::Assumption;

pub(super) const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        topic: "making a draft",
        rule: "From rawJobDescription only: 201, and 200 where the idempotencyKey gives the draft there is (an account's own \
               keys). reviewUrl is draftUrl; warnings, unmappedFields and lowConfidenceFields are empty.",
        because: "The tool sends nothing else; the status is not shown (job-drafts/create).",
    },
    Assumption {
        topic: "what is read from a description",
        rule: "A short first sentence is the title. Words name data type, label types, languages and experience; \
               \"$12 per hour\", \"$0.05 per label\", \"$300 fixed\" name the pay. Nothing else is read.",
        because: "OpenTrain's own reading is not documented; simple rules give the same draft for the same text.",
    },
    Assumption {
        topic: "what a draft needs",
        rule: "jobTitle, jobDescription, dataType, labelTypes, languages, experienceLevel, paymentType, and its price. \
               code is missing_required_field; validation.missingFields has the same objects as missingFields, and \
               issues has one for each.",
        because: "The pages give examples of missing fields, and two codes for them, and not the whole list.",
    },
    Assumption {
        topic: "changing a job",
        rule: "null takes a field out. A draft's endpoint wants a DRAFT, with the details that are documented for OPEN; an \
               OPEN job cannot lose what a draft needs (400 details.validation).",
        because: "Documented is the refusal of jobs/update where the job is not OPEN.",
    },
    Assumption {
        topic: "moderation",
        rule: "It takes exception to the word \"moderation-test\" in any field, and to nothing else. A job that it took down \
               is closed to the public and can be published again.",
        because: "What OpenTrain moderates is not documented, and its refusals have to be rehearsed.",
    },
    Assumption {
        topic: "publications a day",
        rule: "3 before the claim and 20 after, in the last 24 hours by the sandbox's clock; then 429 RATE_LIMITED.",
        because: "The numbers are documented (jobs/publish), the answer is not.",
    },
    Assumption {
        topic: "closing a job",
        rule: "In any status it becomes ARCHIVED. It cannot be published again: 409 with requiredStatus DRAFT.",
        because: "jobs/close shows an open one, and that repeating is no fault.",
    },
    Assumption {
        topic: "published",
        rule: "A job that was published and is no draft. A job is ONGOING once as many are hired as headcount says (1 where \
               it says nothing).",
        because: "jobs/mine shows the fields, and not how they follow from each other.",
    },
    Assumption {
        topic: "search",
        rule: "Newest first, 25 a page. q: every word, anywhere in the job. language and country: by name; a job that names \
               none fits any. Our open jobs are in it.",
        because: "q, payType, limit and cursor are documented; the names of the other two filters are not shown.",
    },
    Assumption {
        topic: "marketplace over HTTP",
        rule: "120 requests a minute are never reached: each takes a second. Answers have Cache-Control: no-store and no \
               CORS header.",
        because: "Other sites must not read this machine's ports, and the sandbox changes with every request.",
    },
    Assumption {
        topic: "a job that the public never saw",
        rule: "404 NOT_FOUND in the envelope; {id, status: \"closed\"} is for one that it saw once.",
        because: "\"Exists but is no longer listed\" (jobs/get).",
    },
    Assumption {
        topic: "changes",
        rule: "From since on, inclusive, by time; a hire that fills a job and a takedown are CLOSED.",
        because: "jobs/changes names the three kinds.",
    },
    Assumption {
        topic: "proposals that arrive",
        rule: "2, 4 and 7 seconds after a publication: first those who speak one of the job's languages. Each bids what the \
               job offers. Nobody applies for a job that is closed.",
        because: "Not OpenTrain's rule: a rehearsal needs candidates, the same in every run.",
    },
    Assumption {
        topic: "scales and words of proposals",
        rule: "interviewScore of 100, matchScore of 1, unit PER_HOUR, PER_LABEL or FIXED_PRICE, talentType FREELANCER; 25 a \
               page, at most 100.",
        because: "The pages use several for each; callers have to take them as they come.",
    },
    Assumption {
        topic: "a proposal that is not there",
        rule: "404 with details.proposalId; 403 where it is for another account's job.",
        because: "details.proposalId is documented without saying where; 403 is documented for proposals/get.",
    },
    Assumption {
        topic: "invitations",
        rule: "They open a proposal that is UNREVIEWED, without an interview; an id or a slug names the trainer. One who \
               applied already counts as invited.",
        because: "jobs/invite shows a proposalId, and not what it is.",
    },
    Assumption {
        topic: "profiles",
        rule: "Any token with proposals:read sees any trainer's.",
        because: "The scope is inferred from concepts/scopes-and-capabilities.",
    },
    Assumption {
        topic: "hiring",
        rule: "Checked in this order: the proposal, whether it can be hired, the payment method. One that is hired is \
               proposal_already_hired, one that was marked as no fit proposal_not_a_fit, and cannot be hired here.",
        because: "Only payment_method_required is named; a confirmation for \"Not a fit\" is documented without its name.",
    },
    Assumption {
        topic: "superseded approvals",
        rule: "Other terms for the same candidate make a new approval; the old one reads as expired, resolved at that moment, \
               with result null.",
        because: "That it is superseded is documented (proposals/hire), and not what it looks like then.",
    },
    Assumption {
        topic: "fees of a hire",
        rule: "Milestone, 10 % rounded to cents, and $9.95, shown on the page; the person cannot change the terms there.",
        because: "The sum is documented (concepts/credits-and-billing); the page is the app's own.",
    },
    Assumption {
        topic: "the contract of a hire",
        rule: "Its title is the job's, its rate what the job pays. By the hour and by the label the milestone's volume is \
               amount / rate, to two decimals. contractId of the approval stays null: result has it. The trainer writes \
               first, 2 seconds later.",
        because: "The result is documented (concepts/human-approvals), and that the milestone is funded.",
    },
    Assumption {
        topic: "conversations",
        rule: "Unread and wanting an answer is what the trainer wrote since the account wrote last. A conversation about the \
               work has jobId, one about a proposal has proposalId. 201 where it is opened, 200 where it was there.",
        because: "messages/list has one example, and reading marks nothing as read.",
    },
    Assumption {
        topic: "messages",
        rule: "In messages[]: newest first towards the past (older), oldest first towards the present (newer). unreadOnly takes \
               false, too. A trainer answers 2 seconds after each message, with three answers in turn. Nothing is \
               moderated and nothing rate limited.",
        because: "The name of the list and its order are not shown, nor the numbers of the limits.",
    },
];
