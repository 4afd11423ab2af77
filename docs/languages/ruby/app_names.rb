# The code under test. It sends its requests to Apple's URL.
require "json"
require "net/http"

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
