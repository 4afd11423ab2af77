# Run it with `python -m pytest_asc run --empty -- rspec docs/languages/ruby/app_names_spec.rb`.
require_relative "app_names"
require_relative "emulator"

RSpec.describe AppNames do
  before { Emulator.reset }

  it "lists the names of our apps" do
    Emulator.add("apps", { name: "Lists", bundleId: "com.example.lists" })
    expect(AppNames.list(Emulator.token)).to eq(["Lists"])
  end

  it "tries again after a 429" do
    Emulator.fail_next("GET", "/v1/apps", status: 429, headers: { "Retry-After": "0" })
    expect(AppNames.list(Emulator.token)).to eq([])
    expect(Emulator.requests.map { |request| request["status"] }).to eq([429, 200])
  end

  it "reports a rejected token, and the emulator names the cause" do
    expect { AppNames.list(Emulator.token[..-5]) }.to raise_error(/401/)
    expect(Emulator.requests.first["cause"]).to eq("token-signature-mismatch")
  end

  it "sees a build that Apple has rejected" do
    app = Emulator.add("apps")
    build = Emulator.add("builds", { processingState: "PROCESSING" },
                         { app: { data: { type: "apps", id: app["id"] } } })
    Emulator.control("POST", "decisions", { type: "builds", id: build["id"], outcome: "INVALID" })
    Emulator.control("POST", "time")
    build = Emulator.control("GET", "resources/builds/#{build["id"]}")
    expect(build["attributes"]["processingState"]).to eq("INVALID")
  end
end
