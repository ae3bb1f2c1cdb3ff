import CCurl
import Foundation
import Spool

/// Posts each event to a server, as JSON; an answer of the 200s takes it.
package final class WebReceiver: EventReceiver {
    /// Bytes of an answer after which nobody listens any more.
    private static let answerLimit = 1 << 20

    private let url: String
    private let headers: [String]
    private let seconds: Double
    private let handle: UnsafeMutableRawPointer

    /// What the transfer's callbacks need.
    private final class Transfer {
        let shouldStop: () -> Bool
        var received = 0

        init(_ shouldStop: @escaping () -> Bool) { self.shouldStop = shouldStop }
    }

    /// - Parameters:
    ///   - url: Of http or https.
    ///   - headers: Lines of `Name: value` to send along.
    ///   - seconds: The longest time that a request may take.
    package init(_ url: String, headers: [String], seconds: Double) throws {
        guard let scheme = URL(string: url)?.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
            throw ConfigurationError.value(key: "--post", "must be an http or https address")
        }
        guard headers.allSatisfy({ $0.contains(":") && !$0.contains(where: \.isNewline) }) else {
            throw ConfigurationError.value(key: "--headers", "must hold lines of 'Name: value'")
        }
        guard ac_start() == CURLE_OK, let handle = curl_easy_init() else {
            throw DeliveryError.unreachable("libcurl does not start")
        }
        self.url = url
        self.headers = headers
        self.seconds = seconds
        self.handle = handle
    }

    deinit { curl_easy_cleanup(handle) }

    package func deliver(_ entry: JournalEntry, shouldStop: @escaping () -> Bool) throws {
        let body = Array(try entry.line)
        let transfer = Transfer(shouldStop)
        var list: UnsafeMutablePointer<curl_slist>?
        let own = [
            "Content-Type: application/json", "Expect:", "Autochrome-Event: \(entry.event.kind.rawValue)",
            "Autochrome-Cursor: \(entry.cursor)",
        ]
        for line in own + headers { list = curl_slist_append(list, line) }
        defer { curl_slist_free_all(list) }
        let code = body.withUnsafeBytes { bytes in
            withExtendedLifetime(transfer) {
                prepare(bytes, list, Unmanaged.passUnretained(transfer).toOpaque())
                return curl_easy_perform(handle)
            }
        }
        if shouldStop(), code == CURLE_ABORTED_BY_CALLBACK { throw DeliveryError.stopped }
        let status = ac_status(handle)
        // An answer that never ends says what it says by its status.
        guard code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer.received > Self.answerLimit) else {
            throw DeliveryError.unreachable(String(cString: curl_easy_strerror(code)))
        }
        guard 200..<300 ~= status else { throw DeliveryError.refused(status: status) }
    }

    private func prepare(
        _ body: UnsafeRawBufferPointer, _ headers: UnsafeMutablePointer<curl_slist>?, _ user: UnsafeMutableRawPointer
    ) {
        // The connection stays open over a reset.
        curl_easy_reset(handle)
        ac_set_text(handle, CURLOPT_URL, url)
        ac_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        ac_set_text(handle, CURLOPT_USERAGENT, Program.name)
        ac_set_number(handle, CURLOPT_NOSIGNAL, 1)
        ac_set_number(handle, CURLOPT_CONNECTTIMEOUT, 10)
        ac_set_number(handle, CURLOPT_TIMEOUT_MS, Int(seconds * 1000))
        ac_set_headers(handle, headers)
        ac_set_body(handle, body.baseAddress, curl_off_t(body.count))
        ac_set_writer(
            handle,
            { _, size, count, user in
                let transfer = Unmanaged<Transfer>.fromOpaque(user!).takeUnretainedValue()
                transfer.received += size * count
                return transfer.received > WebReceiver.answerLimit ? 0 : size * count
            }, user)
        ac_set_progress(
            handle,
            { user, _, _, _, _ in
                Unmanaged<Transfer>.fromOpaque(user!).takeUnretainedValue().shouldStop() ? 1 : 0
            }, user)
    }
}
