//! Resources as MCP lists and serves them.

use rmcp::ErrorData;
use rmcp::model::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde_json::json;

use crate::answer::{quoted_to, render, shown};
use crate::engine::resources::{Content, offered, read};
use crate::engine::{Call, catalog};

use super::server::Server;

const TEXT: &str = "text/plain";

impl Server {
    /// The resources without a parameter. The others are read by their template, and the lists of the account say which
    /// there are.
    pub(super) fn resources(&self) -> ListResourcesResult {
        let whole = offered(&self.toolbox).filter(|resource| !is_template(resource)).map(|resource| {
            Resource::new(resource.uri, resource.name)
                .with_title(resource.title)
                .with_description(resource.description)
                .with_mime_type(TEXT)
        });
        ListResourcesResult::with_all_items(whole.collect())
    }

    pub(super) fn resource_templates(&self) -> ListResourceTemplatesResult {
        let templates = offered(&self.toolbox).filter(|resource| is_template(resource)).map(|resource| {
            ResourceTemplate::new(resource.uri, resource.name)
                .with_title(resource.title)
                .with_description(resource.description)
                .with_mime_type(TEXT)
        });
        ListResourceTemplatesResult::with_all_items(templates.collect())
    }

    /// Reads a resource: the text of its tool. A failure other than an unknown URI is an error with the tool's words.
    pub(super) async fn resource(&self, uri: &str, call: &Call) -> Result<ReadResourceResult, ErrorData> {
        let said = match read(&self.toolbox, uri, call).await {
            Content::Unknown => {
                let uri: String = uri.chars().take(300).collect();
                return Err(ErrorData::resource_not_found(
                    String::from(shown!("there is no resource {}", quoted_to(&uri, 300))),
                    Some(json!({ "uri": uri })),
                ));
            }
            Content::Said(said) => *said,
        };
        let rendered = render(said, self.toolbox.services.sandbox, self.bounded);
        if rendered.is_error {
            return Err(ErrorData::internal_error(rendered.text, None));
        }
        Ok(ReadResourceResult::new(vec![ResourceContents::text(rendered.text, uri)]))
    }
}

fn is_template(resource: &catalog::Resource) -> bool {
    resource.parts().1.is_some()
}
