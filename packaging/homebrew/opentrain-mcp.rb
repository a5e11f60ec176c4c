# Homebrew formula. The release fills it in and attaches it; a tap takes it from there.
class OpentrainMcp < Formula
  desc "MCP server for OpenTrain AI (unofficial)"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    url "@REPOSITORY@/releases/download/v@VERSION@/opentrain-mcp-universal-apple-darwin.tar.gz"
    sha256 "@SHA256:opentrain-mcp-universal-apple-darwin.tar.gz@"
  end

  on_linux do
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/opentrain-mcp-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:opentrain-mcp-x86_64-unknown-linux-musl.tar.gz@"
    end
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/opentrain-mcp-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:opentrain-mcp-aarch64-unknown-linux-musl.tar.gz@"
    end
  end

  def install
    bin.install "opentrain-mcp"
    man1.install Dir["man/*.1"]
    generate_completions_from_executable(bin/"opentrain-mcp", "completions")
  end

  test do
    assert_match "ctr_8Kq2", shell_output("#{bin}/opentrain-mcp --sandbox --sandbox-port 0 call list_contracts")
  end
end
