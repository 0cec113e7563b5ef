// SPDX-License-Identifier: MIT
package ecoauth;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** The future of an operation. However it ends, the operation ends, too: cancel(), orTimeout(), completeExceptionally(). */
final class Operation<T> extends CompletableFuture<T> {
    private final Core core;
    /** Kept as long as the operation runs: a client nobody else holds must not be ended meanwhile. */
    private final Object owner;
    private final Function<Event, T> value;

    Operation(Core core, Object owner, Function<Event, T> value) {
        this.core = core;
        this.owner = owner;
        this.value = value;
    }

    void begun(long number) {
        whenComplete((result, error) -> core.ended(number));
    }

    /** Called once, by the reader. */
    void finish(Event event, EcoauthException error) {
        if (error instanceof EcoauthException.Cancelled) {
            CancellationException cancelled = new CancellationException(error.getMessage());
            cancelled.initCause(error);
            completeExceptionally(cancelled);
        } else if (error != null) {
            completeExceptionally(error);
        } else {
            complete(value.apply(event));
        }
    }

    Object owner() {
        return owner;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        refuseToWait();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        refuseToWait();
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        refuseToWait();
        return super.join();
    }

    private void refuseToWait() {
        if (!isDone()) {
            core.refuseInsideHandler();
        }
    }
}
