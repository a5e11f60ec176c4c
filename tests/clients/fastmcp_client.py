"""fastmcp over HTTP."""

import asyncio

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from story import ERA, KEY, URL, press, story


async def elicit(message, response_type, params, context):
    from fastmcp.client.elicitation import ElicitResult

    await asyncio.to_thread(press, params.url)
    return ElicitResult(action="accept")


async def main():
    transport = StreamableHttpTransport(URL, headers={"Authorization": f"Bearer {KEY}"})
    mode = "auto" if ERA == "modern" else "legacy"
    async with Client(transport, mode=mode, elicitation_handler=elicit) as client:
        names = [tool.name for tool in await client.list_tools()]

        async def call(tool, arguments, progress=None):
            async def report(*reported):
                progress(reported)

            handler = {"progress_handler": report} if progress else {}
            result = await client.call_tool(tool, arguments, raise_on_error=False, **handler)
            return result.content[0].text, result.structured_content, result.is_error

        await story(names, call)


asyncio.run(main())
