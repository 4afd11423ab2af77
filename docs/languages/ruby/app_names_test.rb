# Run it with `python -m pytest_asc run --empty -- ruby docs/languages/ruby/app_names_test.rb`.
require "minitest/autorun"
require_relative "emulator"

# The code under test: its URL is Apple's.
module AppNames
  URL = URI("https://api.appstoreconnect.apple.com/v1/apps?fields%5Bapps%5D=name")

  def self.list(token)
    response = Net::HTTP.get_response(URL, { "Authorization" => "Bearer #{token}" })
    if response.code == "429"
      sleep(response["Retry-After"].to_f)
      return list(token)
    end
    raise "App Store Connect: #{response.code}" unless response.is_a?(Net::HTTPSuccess)

    JSON.parse(response.body)["data"].map { |app| app["attributes"]["name"] }
  end
end

class AppNamesTest < Minitest::Test
  def setup = Emulator.reset

  def test_lists_the_names_of_our_apps
    Emulator.add("apps", { name: "Lists", bundleId: "com.example.lists" })
    assert_equal ["Lists"], AppNames.list(Emulator.token)
  end

  def test_tries_again_after_a429
    Emulator.fail_next("GET", "/v1/apps", status: 429, headers: { "Retry-After": "0" })
    assert_equal [], AppNames.list(Emulator.token)
    assert_equal [429, 200], Emulator.requests.map { |request| request["status"] }
  end

  def test_reports_a_refused_token_whose_cause_the_emulator_tells
    error = assert_raises(RuntimeError) { AppNames.list(Emulator.token[..-5]) }
    assert_match(/401/, error.message)
    assert_equal "token-signature-mismatch", Emulator.requests.first["cause"]
  end

  def test_sees_a_build_that_apple_has_rejected
    app = Emulator.add("apps")
    build = Emulator.add("builds", { processingState: "PROCESSING" },
                         { app: { data: { type: "apps", id: app["id"] } } })
    Emulator.control("POST", "decisions", { type: "builds", id: build["id"], outcome: "INVALID" })
    Emulator.control("POST", "time")
    assert_equal "INVALID", Emulator.control("GET", "resources/builds/#{build["id"]}")["attributes"]["processingState"]
  end
end
