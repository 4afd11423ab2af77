# A client of the emulator's control API, for tests that run under `python -m pytest_asc run -- …`.
require "json"
require "net/http"
require "openssl"

module Emulator
  METHODS = { "GET" => Net::HTTP::Get, "POST" => Net::HTTP::Post, "PUT" => Net::HTTP::Put,
              "PATCH" => Net::HTTP::Patch, "DELETE" => Net::HTTP::Delete }.freeze

  module_function

  # Runs a command of the control API, and returns the document of its response.
  def control(method, path, body = nil)
    url = URI(ENV.fetch("ASC_EMULATOR_URL") + path)
    request = METHODS.fetch(method).new(url, "Content-Type" => "application/json")
    request.body = JSON.generate(body) if body
    response = Net::HTTP.start(url.host, url.port) { |http| http.request(request) }
    document = JSON.parse(response.body) unless response.body.to_s.empty?
    raise ArgumentError, document["error"] unless response.is_a?(Net::HTTPSuccess)

    document
  end

  def reset = control("POST", "reset")

  def add(type, attributes = {}, relationships = {})
    control("POST", "resources", { type:, attributes:, relationships: })
  end

  def fail_next(method, path, **options) = control("POST", "failures", { method:, path:, **options })

  def requests = control("GET", "requests")

  # Signs a token with the key of the emulator, as your own code does.
  def token(now = Time.now.to_i)
    header = { alg: "ES256", kid: ENV.fetch("ASC_KEY_ID"), typ: "JWT" }
    claims = { iss: ENV.fetch("ASC_ISSUER_ID"), iat: now, exp: now + 600, aud: "appstoreconnect-v1" }
    signed = [header, claims].map { |part| encode(JSON.generate(part)) }.join(".")
    "#{signed}.#{encode(signature(signed))}"
  end

  def encode(bytes) = [bytes].pack("m0").tr("+/", "-_").delete("=")

  # The two numbers of the signature, 32 bytes each (RFC 7518, 3.4).
  def signature(signed)
    key = OpenSSL::PKey.read(ENV.fetch("ASC_PRIVATE_KEY"))
    numbers = OpenSSL::ASN1.decode(key.sign("SHA256", signed)).value
    numbers.map { |number| [number.value.to_s(16).rjust(64, "0")].pack("H*") }.join
  end
end
