"""An agent of each Python framework, with our tools and the model of model.py: it runs until the model says "done".

    agent.py FRAMEWORK MODEL-ORIGIN COMMAND [ARGUMENT…]      prints the framework's version
"""
import asyncio
import os
import sys
from importlib.metadata import version

FRAMEWORK, MODEL, COMMAND, *ARGUMENTS = sys.argv[1:]
ENVIRONMENT = {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]}


async def langchain():
    from langchain.agents import create_agent
    from langchain_mcp_adapters.client import MultiServerMCPClient
    from langchain_mcp_adapters.tools import load_mcp_tools
    from langchain_openai import ChatOpenAI

    server = {"transport": "stdio", "command": COMMAND, "args": ARGUMENTS, "env": ENVIRONMENT}
    async with MultiServerMCPClient({"opentrain": server}).session("opentrain") as session:
        model = ChatOpenAI(model="stub", base_url=f"{MODEL}/v1", api_key="x", max_retries=0)
        agent = create_agent(model, await load_mcp_tools(session))
        answer = await agent.ainvoke({"messages": [("user", "go")]}, {"recursion_limit": 40})
        return "langchain-mcp-adapters", answer["messages"][-1].content


async def openai_agents():
    from agents import Agent, OpenAIChatCompletionsModel, Runner, set_tracing_disabled
    from agents.mcp import MCPServerStdio
    from openai import AsyncOpenAI

    set_tracing_disabled(True)
    async with MCPServerStdio(params={"command": COMMAND, "args": ARGUMENTS, "env": ENVIRONMENT}) as server:
        client = AsyncOpenAI(base_url=f"{MODEL}/v1", api_key="x", max_retries=0)
        model = OpenAIChatCompletionsModel(model="stub", openai_client=client)
        agent = Agent(name="agent", model=model, mcp_servers=[server])
        return "openai-agents", (await Runner.run(agent, "go")).final_output


async def pydantic_ai():
    from fastmcp.client.transports import StdioTransport
    from pydantic_ai import Agent
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    tools = MCPToolset(StdioTransport(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT))
    model = OpenAIChatModel("stub", provider=OpenAIProvider(base_url=f"{MODEL}/v1", api_key="x"))
    return "pydantic-ai-slim", (await Agent(model, toolsets=[tools]).run("go")).output


async def anthropic():
    from anthropic import AsyncAnthropic
    from anthropic.lib.tools.mcp import async_mcp_tool
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = [async_mcp_tool(tool, session) for tool in (await session.list_tools()).tools]
        client = AsyncAnthropic(base_url=MODEL, api_key="x", max_retries=0)
        asked = [{"role": "user", "content": "go"}]
        runner = client.beta.messages.tool_runner(model="claude-stub", max_tokens=100, messages=asked, tools=tools)
        return "anthropic", (await runner.until_done()).content[0].text


async def google_genai():
    from google import genai
    from google.genai import types
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    server = StdioServerParameters(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=MODEL))
        answer = await client.aio.models.generate_content(
            model="gemini-stub", contents="go", config={"tools": [session]}
        )
        return "google-genai", answer.text


async def google_adk():
    os.environ |= {"GOOGLE_API_KEY": "x", "GOOGLE_GENAI_USE_VERTEXAI": "0"}
    from google.adk.agents import LlmAgent
    from google.adk.models import Gemini
    from google.adk.runners import InMemoryRunner
    from google.adk.tools.mcp_tool import McpToolset, StdioConnectionParams
    from google.genai import types
    from mcp import StdioServerParameters

    server = StdioServerParameters(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    tools = McpToolset(connection_params=StdioConnectionParams(server_params=server, timeout=30))
    model = Gemini(model="gemini-2.5-flash", base_url=MODEL)
    runner = InMemoryRunner(agent=LlmAgent(name="agent", model=model, tools=[tools]), app_name="app")
    session = await runner.session_service.create_session(app_name="app", user_id="user")
    asked = types.Content(role="user", parts=[types.Part(text="go")])
    said = ""
    async for event in runner.run_async(user_id="user", session_id=session.id, new_message=asked):
        for part in (event.content.parts if event.content else None) or []:
            said = part.text or said
    await tools.close()
    return "google-adk", said


async def agno():
    from agno.agent import Agent
    from agno.models.openai.like import OpenAILike
    from agno.tools.mcp import MCPTools
    from mcp import StdioServerParameters

    server = StdioServerParameters(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    async with MCPTools(server_params=server, transport="stdio") as tools:
        model = OpenAILike(id="stub", base_url=f"{MODEL}/v1", api_key="x")
        return "agno", (await Agent(model=model, tools=[tools], telemetry=False).arun("go")).content


async def autogen():
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient
    from autogen_ext.tools.mcp import McpWorkbench, StdioServerParams

    info = {"vision": False, "function_calling": True, "json_output": False, "structured_output": False, "family": "unknown"}
    model = OpenAIChatCompletionClient(model="stub", base_url=f"{MODEL}/v1", api_key="x", model_info=info)
    server = StdioServerParams(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    async with McpWorkbench(server) as tools:
        agent = AssistantAgent("agent", model, workbench=tools, max_tool_iterations=20)
        return "autogen-ext", (await agent.run(task="go")).messages[-1].content


async def haystack():
    from haystack.components.agents import Agent
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.utils import Secret
    from haystack_integrations.tools.mcp import MCPToolset, StdioServerInfo

    tools = MCPToolset(server_info=StdioServerInfo(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT))
    model = OpenAIChatGenerator(api_key=Secret.from_token("x"), model="stub", api_base_url=f"{MODEL}/v1")
    agent = Agent(chat_generator=model, tools=tools)
    answer = await asyncio.to_thread(agent.run, messages=[ChatMessage.from_user("go")])
    tools.close()
    return "mcp-haystack", answer["messages"][-1].text


async def llama_index():
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai_like import OpenAILike
    from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

    tools = McpToolSpec(client=BasicMCPClient(COMMAND, args=ARGUMENTS, env=ENVIRONMENT))
    model = OpenAILike(
        model="stub", api_base=f"{MODEL}/v1", api_key="x", is_chat_model=True, is_function_calling_model=True
    )
    agent = FunctionAgent(tools=await tools.to_tool_list_async(), llm=model, streaming=False)
    return "llama-index-tools-mcp", str(await agent.run(user_msg="go"))


async def semantic_kernel():
    from openai import AsyncOpenAI
    from semantic_kernel.agents import ChatCompletionAgent
    from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
    from semantic_kernel.connectors.mcp import MCPStdioPlugin

    client = AsyncOpenAI(base_url=f"{MODEL}/v1", api_key="x", max_retries=0)
    async with MCPStdioPlugin(name="opentrain", command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT) as tools:
        model = OpenAIChatCompletion(ai_model_id="stub", async_client=client)
        agent = ChatCompletionAgent(service=model, name="agent", plugins=[tools])
        return "semantic-kernel", str((await agent.get_response(messages="go")).message)


async def strands():
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client
    from strands import Agent
    from strands.models.openai import OpenAIModel
    from strands.tools.mcp import MCPClient

    server = StdioServerParameters(command=COMMAND, args=ARGUMENTS, env=ENVIRONMENT)
    with MCPClient(lambda: stdio_client(server)) as client:
        model = OpenAIModel(client_args={"base_url": f"{MODEL}/v1", "api_key": "x"}, model_id="stub")
        agent = Agent(model=model, tools=client.list_tools_sync(), callback_handler=None)
        return "strands-agents", str(await agent.invoke_async("go"))


package, last = asyncio.run(globals()[FRAMEWORK.replace("-", "_")]())
if last.strip() != "done":
    sys.exit(f"the run ended with {last!r}")
print(f"{package} {version(package)}")
