//! Acting as a table's owner for a while.

use pgrx::pg_sys;

/// The owner's rights, until the value goes.
pub(super) struct AsOwner {
    user: pg_sys::Oid,
    context: i32,
}

impl AsOwner {
    /// Takes on the rights of a relation's owner, as the server's own triggers for foreign keys do.
    ///
    /// # Safety
    /// The relation is open.
    pub(super) unsafe fn of(relation: pg_sys::Relation) -> Self {
        let (mut user, mut context) = (pg_sys::InvalidOid, 0);
        // SAFETY: both are written to; the caller says that the relation is open.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
            let owner = (*(*relation).rd_rel).relowner;
            let flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_NOFORCE_RLS;
            pg_sys::SetUserIdAndSecContext(owner, context | flags.cast_signed());
        }
        Self { user, context }
    }
}

impl Drop for AsOwner {
    fn drop(&mut self) {
        // SAFETY: what `of` found.
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
    }
}
