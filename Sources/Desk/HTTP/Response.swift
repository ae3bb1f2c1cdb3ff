import Files
import Foundation
import NIOCore
import NIOHTTP1

/// An answer.
struct Response: Sendable {
    enum Body: Sendable {
        case data(Data)
        /// The bytes of a file that are sent.
        case file(Descriptor, Range<Int64>)
        case events(AsyncStream<String>)
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, _ type: String, _ data: Data) {
        self.status = status
        headers = ["content-type": type, "cache-control": "no-store"]
        body = .data(data)
    }

    init(events: AsyncStream<String>) {
        status = .ok
        headers = ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"]
        body = .events(events)
    }

    static func json(_ value: some Encodable, _ status: HTTPResponseStatus = .ok) throws -> Response {
        Response(status, "application/json", try Data(JSON.encoded(value)))
    }

    static func redirect(to place: String) -> Response {
        var response = Response(.seeOther, "text/plain; charset=utf-8", Data())
        response.headers.replaceOrAdd(name: "location", value: place)
        return response
    }

    static func notModified(_ headers: HTTPHeaders) -> Response {
        var response = Response(.notModified, "", Data())
        response.headers = headers
        response.headers.remove(name: "content-type")
        return response
    }
}

/// Why a request is not answered as it was meant to be.
struct Refusal: Error {
    let status: HTTPResponseStatus
    let code: String
    let message: String
    var headers: HTTPHeaders = [:]

    init(_ status: HTTPResponseStatus, _ code: String, _ message: String) {
        (self.status, self.code, self.message) = (status, code, message)
    }

    static func badRequest(_ message: String) -> Refusal { Refusal(.badRequest, "bad_request", message) }
    static func forbidden(_ message: String) -> Refusal { Refusal(.forbidden, "forbidden", message) }
    static func conflict(_ message: String) -> Refusal { Refusal(.conflict, "conflict", message) }
    static func unprocessable(_ message: String) -> Refusal { Refusal(.unprocessableEntity, "unprocessable", message) }
    static let notFound = Refusal(.notFound, "not_found", "There is no such thing.")
    static let noSpace = Refusal(.insufficientStorage, "no_space", "The disk is full.")
    static let tooLarge = Refusal(.payloadTooLarge, "too_large", "The body is too large.")

    static var login: Refusal {
        var refusal = Refusal(.seeOther, "login", "Log in first.")
        refusal.headers = ["location": "/login"]
        return refusal
    }

    static var busy: Refusal {
        var refusal = Refusal(.serviceUnavailable, "busy", "Too much is asked at once.")
        refusal.headers = ["retry-after": "1"]
        return refusal
    }

    static func method(_ allowed: [HTTPMethod]) -> Refusal {
        var refusal = Refusal(.methodNotAllowed, "method_not_allowed", "This cannot be done with it.")
        refusal.headers = ["allow": allowed.map(\.rawValue).joined(separator: ", ")]
        return refusal
    }

    /// What an error of the file system or of the ledger means for who asked.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as FileError where error.isDiskFull: self = .noSpace
        case let error as FileError where error.isGone: self = .notFound
        default: self.init(.serviceUnavailable, "unavailable", "The desk cannot read or write just now.")
        }
    }

    /// Whether a person sees it, who followed a link or typed an address, and is not sent elsewhere.
    func isForPeople(_ head: HTTPRequestHead) -> Bool {
        let accepted = head.headers["accept"].joined(separator: ",").lowercased()
        return head.method == .GET && !head.uri.hasPrefix("/api/") && accepted.contains("text/html")
            && headers["location"].isEmpty
    }

    var response: Response {
        struct Document: Encodable {
            struct Part: Encodable { let code: String; let message: String }
            let error: Part
        }
        let data = (try? JSON.encoded(Document(error: .init(code: code, message: message)))) ?? Data()
        var response = Response(status, "application/json", data)
        for (name, value) in headers { response.headers.replaceOrAdd(name: name, value: value) }
        return response
    }
}
