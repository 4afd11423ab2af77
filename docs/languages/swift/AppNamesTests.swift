// Run it with `python -m pytest_asc run --empty -- swift test`. URLSession takes its proxy from the system and not from
// the environment, so the code under test takes its base URL from `ASC_BASE_URL`; on Linux, `run --isolate` does without.
import Crypto  // swift-crypto; on Apple's systems CryptoKit is the same
import Foundation
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

let environment = ProcessInfo.processInfo.environment

struct Failure: Error { let status: Int }

func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
    let (data, response) = try await URLSession.shared.data(for: request)
    return (data, response as! HTTPURLResponse)
}

/// The code under test.
func appNames(token: String) async throws -> [String] {
    struct Page: Decodable {
        struct App: Decodable {
            struct Attributes: Decodable { let name: String }
            let attributes: Attributes
        }
        let data: [App]
    }
    let base = environment["ASC_BASE_URL"] ?? "https://api.appstoreconnect.apple.com"
    var request = URLRequest(url: URL(string: base + "/v1/apps?fields%5Bapps%5D=name")!)
    request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
    let (data, response) = try await send(request)
    if response.statusCode == 429 {
        let seconds = UInt64(response.value(forHTTPHeaderField: "Retry-After") ?? "") ?? 1
        try await Task.sleep(nanoseconds: seconds * 1_000_000_000)
        return try await appNames(token: token)
    }
    guard response.statusCode == 200 else { throw Failure(status: response.statusCode) }
    return try JSONDecoder().decode(Page.self, from: data).data.map(\.attributes.name)
}

/// A client of the emulator's control API.
enum Emulator {
    @discardableResult
    static func control(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws -> Any? {
        var request = URLRequest(url: URL(string: environment["ASC_EMULATOR_URL"]! + path)!)
        request.httpMethod = method
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try body.map { try JSONSerialization.data(withJSONObject: $0) }
        let (data, response) = try await send(request)
        guard 200..<300 ~= response.statusCode else { throw Failure(status: response.statusCode) }
        return data.isEmpty ? nil : try JSONSerialization.jsonObject(with: data)
    }

    static func requests() async throws -> [[String: Any]] {
        try await control("GET", "requests") as! [[String: Any]]
    }

    /// Signs a token with the key of the emulator, as your own code does.
    static func token() throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        let header: [String: Any] = ["alg": "ES256", "kid": environment["ASC_KEY_ID"]!, "typ": "JWT"]
        let claims: [String: Any] = [
            "iss": environment["ASC_ISSUER_ID"]!, "iat": now, "exp": now + 600, "aud": "appstoreconnect-v1",
        ]
        let signed = try [header, claims]
            .map { encode(try JSONSerialization.data(withJSONObject: $0)) }
            .joined(separator: ".")
        let key = try P256.Signing.PrivateKey(pemRepresentation: environment["ASC_PRIVATE_KEY"]!)
        return signed + "." + encode(try key.signature(for: Data(signed.utf8)).rawRepresentation)
    }

    private static func encode(_ data: Data) -> String {
        data.base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}

final class AppNamesTests: XCTestCase {
    override func setUp() async throws {
        try await Emulator.control("POST", "reset")
    }

    func testListsTheNamesOfOurApps() async throws {
        let attributes = ["name": "Lists", "bundleId": "com.example.lists"]
        try await Emulator.control("POST", "resources", ["type": "apps", "attributes": attributes])
        let names = try await appNames(token: Emulator.token())
        XCTAssertEqual(names, ["Lists"])
    }

    func testTriesAgainAfterA429() async throws {
        let failure: [String: Any] = [
            "method": "GET", "path": "/v1/apps", "status": 429, "headers": ["Retry-After": "0"],
        ]
        try await Emulator.control("POST", "failures", failure)
        let names = try await appNames(token: Emulator.token())
        XCTAssertEqual(names, [])
        let statuses = try await Emulator.requests().map { $0["status"] as! Int }
        XCTAssertEqual(statuses, [429, 200])
    }

    func testReportsARefusedTokenWhoseCauseTheEmulatorTells() async throws {
        do {
            _ = try await appNames(token: String(Emulator.token().dropLast(4)))
            XCTFail("the token is accepted")
        } catch let failure as Failure {
            XCTAssertEqual(failure.status, 401)
        }
        let cause = try await Emulator.requests().first?["cause"] as? String
        XCTAssertEqual(cause, "token-signature-mismatch")
    }
}
