"""The Python SDK `mcp` over HTTP."""

import asyncio

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.types import ElicitResult

from story import ERA, KEY, URL, press, story


async def elicit(_, params):
    await asyncio.to_thread(press, params.url)
    return ElicitResult(action="accept")


async def main():
    async with create_mcp_http_client(headers={"Authorization": f"Bearer {KEY}"}) as http:
        transport = streamable_http_client(URL, http_client=http)
        mode = "auto" if ERA == "modern" else "legacy"
        async with Client(transport, mode=mode, elicitation_callback=elicit) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]

            async def call(tool, arguments, progress=None):
                async def report(*reported):
                    progress(reported)

                result = await client.call_tool(tool, arguments, progress_callback=report if progress else None)
                return result.content[0].text, result.structured_content, bool(result.is_error)

            await story(names, call)


asyncio.run(main())
