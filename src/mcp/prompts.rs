//! Prompts as MCP lists and serves them, and the completion of their arguments and of resources' URIs.

use rmcp::ErrorData;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptRequestParams, GetPromptResult, ListPromptsResult,
    Prompt, PromptArgument, PromptMessage, Reference, Role,
};

use crate::answer::{Shown, quoted, shown};
use crate::engine::catalog::Values;
use crate::engine::completion::complete;
use crate::engine::{Call, prompts, resources};

use super::server::Server;

impl Server {
    pub(super) fn prompts(&self) -> ListPromptsResult {
        let listed = prompts::offered(&self.toolbox).map(|prompt| {
            let arguments = prompt.arguments.iter().map(|argument| {
                PromptArgument::new(argument.name)
                    .with_description(argument.description)
                    .with_required(argument.required)
            });
            let arguments: Vec<PromptArgument> = arguments.collect();
            Prompt::new(prompt.name, Some(prompt.description), (!arguments.is_empty()).then_some(arguments))
                .with_title(prompt.title)
        });
        ListPromptsResult::with_all_items(listed.collect())
    }

    pub(super) fn prompt(&self, request: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
        let prompt = prompts::find(&self.toolbox, &request.name).map_err(unknown)?;
        let arguments = request.arguments.clone().unwrap_or_default();
        let text =
            prompts::text(&self.toolbox, prompt, &arguments).map_err(|fault| unknown(Shown::from(&fault.message)))?;
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).with_description(prompt.description))
    }

    pub(super) async fn completion(
        &self,
        request: &CompleteRequestParams,
        call: &Call,
    ) -> Result<CompleteResult, ErrorData> {
        let Some(values) = self.values(request)? else { return Ok(CompleteResult::default()) };
        let completion = complete(&self.toolbox, values, &request.argument.value, call).await;
        let has_more = completion.total > completion.values.len();
        let total = u32::try_from(completion.total).ok();
        let info = CompletionInfo::with_pagination(completion.values, total, has_more);
        Ok(CompleteResult::new(info.map_err(|why| ErrorData::internal_error(why, None))?))
    }

    /// Where the values of the argument are listed, if anywhere.
    fn values(&self, request: &CompleteRequestParams) -> Result<Option<&'static Values>, ErrorData> {
        let name = request.argument.name.as_str();
        match &request.r#ref {
            Reference::Prompt(reference) => {
                let prompt = prompts::find(&self.toolbox, &reference.name).map_err(unknown)?;
                let argument = prompt.arguments.iter().find(|argument| argument.name == name);
                let none = || unknown(shown!("{} has no argument {}", prompt.name, quoted(name)));
                Ok(argument.ok_or_else(none)?.values)
            }
            Reference::Resource(reference) => {
                let mut offered = resources::offered(&self.toolbox);
                let resource = offered.find(|resource| resource.uri == reference.uri);
                let resource =
                    resource.ok_or_else(|| unknown(shown!("unknown resource template {}", quoted(&reference.uri))))?;
                if resource.parts().1 != Some(name) {
                    return Err(unknown(shown!("{} has no parameter {}", resource.uri, quoted(name))));
                }
                Ok(resource.values)
            }
            _ => Err(unknown("this kind of reference is not known here".into())),
        }
    }
}

fn unknown(what: Shown) -> ErrorData {
    ErrorData::invalid_params(String::from(what), None)
}
