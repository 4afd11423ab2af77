# The same tests for minitest: `python -m pytest_asc run --empty -- ruby docs/languages/ruby/app_names_test.rb`.
require "minitest/autorun"
require_relative "app_names"
require_relative "emulator"

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

  def test_reports_a_rejected_token_and_the_emulator_names_the_cause
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
